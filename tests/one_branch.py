"""The smallest plan file that says everything an agent needs: one branch, by profile `mine`."""

PLAN = """\
phase: 4
title: Four
agent: mine
waves:
  - wave: 1
    branches:
      - {id: 4.1.1, branch: feature/four, title: Four, owns: [four.txt], brief: Write four into it.}
"""
