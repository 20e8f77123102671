"""Whose key is this?"""
