import json
import pathlib
import unittest

import tally

CASES = pathlib.Path(__file__).parent / "cases" / "sonnet.json"


class Tally(unittest.TestCase):
    def test_nothing_has_no_words(self):
        self.assertEqual(tally.tally(""), {})

    def test_one_word(self):
        self.assertEqual(tally.tally("word"), {"word": 1})

    def test_case_does_not_matter(self):
        self.assertEqual(tally.tally("To to TO"), {"to": 3})

    def test_white_space_separates(self):
        self.assertEqual(tally.tally("a\tb\n a"), {"a": 2, "b": 1})

    def test_most_frequent_first(self):
        self.assertEqual(list(tally.tally("a b b")), ["b", "a"])

    def test_a_whole_sonnet(self):
        case = json.loads(CASES.read_text())
        self.assertEqual(tally.tally(case["text"]), case["words"])


if __name__ == "__main__":
    unittest.main()
