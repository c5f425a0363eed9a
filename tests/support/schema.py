# SPDX-License-Identifier: Apache-2.0 OR MIT
"""JSON Schema as far as docs/openrpc.json goes; a keyword beyond that is an error. Stricter in one thing: an object may have
no fields but those that its schema names, where it names any."""

import re
from urllib.parse import urlsplit

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
         "null": type(None)}
SILENT = {"description", "examples"}


class Schemas:
    def __init__(self, document: dict):
        self._named = document["components"]["schemas"]

    def resolve(self, schema: dict) -> dict:
        while "$ref" in schema:
            schema = self._named[schema["$ref"].removeprefix("#/components/schemas/")]
        return schema

    def problems(self, value, schema: dict, at: str = "$") -> list[str]:
        """What is wrong with a value, with the place; empty when nothing is."""
        schema = self.resolve(schema)
        found = []
        for keyword, wanted in schema.items():
            if keyword not in SILENT:
                found += getattr(self, f"_{keyword}")(value, wanted, at, schema)
        return found

    @staticmethod
    def _type(value, wanted, at, _) -> list[str]:
        names = wanted if isinstance(wanted, list) else [wanted]
        fits = any(isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names)
        return [] if fits else [f"{at}: {value!r} is not of {wanted}"]

    @staticmethod
    def _const(value, wanted, at, _) -> list[str]:
        return [] if value == wanted and type(value) is type(wanted) else [f"{at}: {value!r} is not {wanted!r}"]

    @staticmethod
    def _enum(value, wanted, at, _) -> list[str]:
        return [] if value in wanted else [f"{at}: {value!r} is none of {wanted}"]

    @staticmethod
    def _pattern(value, wanted, at, _) -> list[str]:
        return [] if not isinstance(value, str) or re.search(wanted, value) else [f"{at}: {value!r} is not like {wanted}"]

    @staticmethod
    def _format(value, wanted, at, _) -> list[str]:
        assert wanted == "uri"
        return [] if urlsplit(value).scheme else [f"{at}: {value!r} is no URI"]

    @staticmethod
    def _minimum(value, wanted, at, _) -> list[str]:
        return [f"{at}: {value} is below {wanted}"] if isinstance(value, (int, float)) and value < wanted else []

    @staticmethod
    def _maximum(value, wanted, at, _) -> list[str]:
        return [f"{at}: {value} is above {wanted}"] if isinstance(value, (int, float)) and value > wanted else []

    @staticmethod
    def _maxItems(value, wanted, at, _) -> list[str]:
        return [f"{at}: more than {wanted}"] if isinstance(value, list) and len(value) > wanted else []

    def _items(self, value, wanted, at, _) -> list[str]:
        return [why for i, item in enumerate(value) for why in self.problems(item, wanted, f"{at}[{i}]")]

    @staticmethod
    def _required(value, wanted, at, _) -> list[str]:
        return [f"{at}.{name} is missing" for name in wanted if name not in value]

    def _properties(self, value, wanted, at, schema) -> list[str]:
        found = [why for name in value if name in wanted
                 for why in self.problems(value[name], wanted[name], f"{at}.{name}")]
        if "additionalProperties" not in schema:
            found += [f"{at}.{name} is not described" for name in value if name not in wanted]
        return found

    def _additionalProperties(self, value, wanted, at, schema) -> list[str]:
        described = schema.get("properties", {})
        return [why for name in value if name not in described
                for why in self.problems(value[name], wanted, f"{at}.{name}")]

    def _oneOf(self, value, wanted, at, _) -> list[str]:
        fitting = [one for one in wanted if not self.problems(value, one, at)]
        return [] if len(fitting) == 1 else [f"{at}: {value!r} fits {len(fitting)} of {wanted}"]
