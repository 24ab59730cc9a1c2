"""Git: private repositories, the target, its refusals, the cache, trees and merges without a work tree.

It must not know what a phase is: refs, records and verdicts are the ledger's.
Begin with `remote`, the target that all workers share, and `repo`, the door to git.
"""
