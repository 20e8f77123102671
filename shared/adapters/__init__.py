"""The ports on AWS: the only place where boto3 is called."""
