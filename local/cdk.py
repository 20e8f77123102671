"""The CDK command line on the project's own Node and Python: ``python -m local.cdk synth -c stage=production``.

With AWS credentials in the environment, ``deploy -c stage=production`` deploys to AWS in the same way.
"""

from __future__ import annotations

import os
import sys

from local.engine.toolchain import cdk, node, with_tools

if __name__ == "__main__":
    os.execve(node(), [str(node()), str(cdk()), *sys.argv[1:]], with_tools(os.environ))
