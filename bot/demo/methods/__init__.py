"""The Web API methods, each a plain function of the workspace and the call's arguments.

A method returns what Slack's answer holds besides `ok`, or raises `Refusal`.
"""
