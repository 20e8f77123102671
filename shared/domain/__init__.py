"""The rules of a sale, in the standard library only: campaigns, stock, claim checks, refusals."""
