"""Compares a mirror's rows with what is true: `compare.py TRUTH ROWS`, both with one object a line.

A line of TRUTH is what `tollgate-bench chaos --truth` writes; one of ROWS has "type", "id", "deleted" and "data". Only types that
ROWS is about are compared, only fields that both have, and only fields that are right in some row: a receiver may well leave some
out, or keep them in another form. Prints one line of JSON.
"""

import collections
import json
import sys


def leaves(truth, row, path=""):
    """Yields (path, equal) for everything that both have."""
    if isinstance(truth, (dict, list)) and isinstance(row, str) and row[:1] in "{[":
        row = json.loads(row)
    if isinstance(truth, dict) and isinstance(row, dict):
        for key in truth:
            if key in row:
                yield from leaves(truth[key], row[key], f"{path}.{key}")
    elif isinstance(truth, dict) or isinstance(row, dict):
        # One of them has the whole object, the other one its id.
        ids = [side.get("id") if isinstance(side, dict) else side for side in (truth, row)]
        yield path, ids[0] == ids[1]
    elif isinstance(truth, list) and isinstance(row, list):
        yield f"{path}[]", len(truth) == len(row)
        for one, other in zip(truth, row):
            yield from leaves(one, other, f"{path}[]")
    else:
        yield path, truth == row or (truth is not None and row is not None and str(truth) == str(row))


def compare(truth, rows):
    kinds = {row["type"] for row in rows.values()}
    told = {key: line for key, line in truth.items() if key[0] in kinds}
    compared = {}
    right = collections.Counter()
    for key, line in told.items():
        row = rows.get(key)
        if line["object"] is not None and row is not None and not row["deleted"]:
            compared[key] = dict_of = {}
            for path, equal in leaves(line["object"], row["data"]):
                dict_of[path] = dict_of.get(path, True) and equal
            right.update((key[0], path) for path, equal in dict_of.items() if equal)
    wrong = collections.defaultdict(list)
    fields = collections.Counter()
    for key, line in told.items():
        row = rows.get(key)
        gone = row is None or row["deleted"]
        if line["object"] is None and not gone:
            wrong["should be deleted"].append(key)
        elif line["object"] is not None and gone:
            wrong["missing"].append(key)
        elif line["object"] is not None:
            differs = [path for path, equal in compared[key].items() if not equal and right[key[0], path]]
            fields.update((key[0] + path) for path in differs)
            if differs:
                wrong["stale"].append(key)
    never = sorted({key[0] + path for key, of in compared.items() for path in of if not right[key[0], path]})
    return {
        "objects": len(told),
        "missing": len(wrong["missing"]),
        "stale": len(wrong["stale"]),
        "undeleted": len(wrong["should be deleted"]),
        "wrong": sum(map(len, wrong.values())),
        "by_type": dict(collections.Counter(kind for keys in wrong.values() for kind, _ in keys)),
        "types": sorted(kinds),
        "examples": {how: [id for _, id in keys[:5]] for how, keys in wrong.items()},
        "fields": dict(fields.most_common(12)),
        "never_right": never,
    }


def read(file):
    with open(file) as lines:
        objects = [json.loads(line) for line in lines]
    return {(line["type"], line["id"]): line for line in objects}


if __name__ == "__main__":
    print(json.dumps(compare(read(sys.argv[1]), read(sys.argv[2]))))
