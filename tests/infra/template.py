"""A synthesised template, with the questions that the tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True)
class Template:
    body: dict[str, Any]
    assembly: Path
    """The folder with the assets."""

    def of_type(self, kind: str) -> dict[str, Resource]:
        """Logical id to resource, for one type (``AWS::`` left out)."""
        return {
            name: resource
            for name, resource in self.body["Resources"].items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def properties(self, kind: str) -> list[dict[str, Any]]:
        return [resource.get("Properties", {}) for resource in self.of_type(kind).values()]

    def named_like(self, kind: str, part: str) -> Resource:
        """The one resource of a type whose logical id has this in it."""
        (only,) = (resource for name, resource in self.of_type(kind).items() if part in name)
        return only

    def machine(self, end: str = "campaign-lifecycle") -> dict[str, Any]:
        """The properties of the machine whose name ends so."""
        (only,) = (
            properties
            for properties in self.properties("StepFunctions::StateMachine")
            if properties["StateMachineName"].endswith(end)
        )
        return only

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """``functions/<name>`` to the properties of its function."""
        return {
            properties["Handler"].split(".")[1]: properties
            for properties in self.properties("Lambda::Function")
        }

    def statements(self, role: str | None = None) -> Iterator[dict[str, Any]]:
        """Statements of all role policies, or of one role's; actions and resources always lists."""
        for policy in self.properties("IAM::Policy"):
            if role is None or {"Ref": role} in policy["Roles"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield {
                        **statement,
                        "Action": _listed(statement["Action"]),
                        "Resource": _listed(statement["Resource"]),
                    }

    def granted(self, role: str) -> set[tuple[str, str]]:
        """What a role may do to what, as pairs of an action and a readable name."""
        return {
            (action, self.named(resource))
            for statement in self.statements(role)
            for action in statement["Action"]
            for resource in statement["Resource"]
        }

    def named(self, value: Any) -> str:
        """What an ARN or a reference points at, readably: ``orders``, ``campaigns/by_merchant``, ``*``."""
        if isinstance(value, str):
            return value
        if "Fn::Join" in value:
            return "".join(self.named(part) for part in value["Fn::Join"][1])
        if "Ref" in value and value["Ref"].startswith("AWS::"):
            return f"<{value['Ref'].removeprefix('AWS::')}>"
        target = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
        properties = self.body["Resources"][target].get("Properties", {})
        for key in (
            "TableName",
            "FunctionName",
            "QueueName",
            "Name",
            "StateMachineName",
            "LogGroupName",
        ):
            if key in properties and isinstance(properties[key], str):
                return str(properties[key])
        return str(target)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
