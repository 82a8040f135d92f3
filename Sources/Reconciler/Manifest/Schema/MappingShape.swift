/// What a mapping of our YAML may hold. The decoders take the keys that they know from here, and `profilectl schema`
/// makes the JSON Schema of it, so that the two cannot drift apart.
///
/// A new key of the YAML is one more line in `ManifestShape` or `SettingsShape`, beside its decoding.
struct MappingShape: Sendable {
    struct Member: Sendable {
        let key: String
        let isRequired: Bool
        /// Whether nothing (`key:` alone) is the same as leaving it out.
        let mayBeEmpty: Bool
        let value: ValueShape
        let description: String
        /// As they are written in YAML, numbers and shares alike.
        let examples: [SchemaValue]

        static func required(
            _ key: String, _ value: ValueShape, _ description: String, examples: [SchemaValue] = []
        ) -> Member {
            Member(
                key: key, isRequired: true, mayBeEmpty: false, value: value, description: description,
                examples: examples)
        }

        static func optional(
            _ key: String, _ value: ValueShape, _ description: String, mayBeEmpty: Bool = false,
            examples: [SchemaValue] = []
        ) -> Member {
            Member(
                key: key, isRequired: false, mayBeEmpty: mayBeEmpty, value: value, description: description,
                examples: examples)
        }
    }

    let members: [Member]
    let keys: [String]
    /// Keys that are there together or not at all.
    let together: [String]
    /// Of these keys there is one at least, if there are any.
    let someOf: [String]

    init(_ members: [Member], together: [String] = [], someOf: [String] = []) {
        self.members = members
        self.together = together
        self.someOf = someOf
        keys = members.map(\.key)
    }

    /// As JSON Schema; no other keys are allowed.
    var schema: SchemaValue {
        let properties = members.map { ($0.key, $0.schema) }
        var schema: [String: SchemaValue] = [
            "type": "object", "additionalProperties": false,
            "properties": .object(Dictionary(properties) { $1 }),
        ]
        let required = members.filter(\.isRequired).map { SchemaValue.text($0.key) }
        if !required.isEmpty { schema["required"] = .list(required) }
        if !together.isEmpty {
            schema["dependencies"] = .object(
                Dictionary(
                    uniqueKeysWithValues: together.map { key in
                        (key, .list(together.filter { $0 != key }.map { .text($0) }))
                    }))
        }
        if !someOf.isEmpty { schema["anyOf"] = .list(someOf.map { ["required": [.text($0)]] }) }
        return .object(schema)
    }
}

extension MappingShape.Member {
    fileprivate var schema: SchemaValue {
        var notes: [String: SchemaValue] = ["description": .text(description)]
        if !examples.isEmpty { notes["examples"] = .list(examples) }
        let schema = mayBeEmpty ? value.schema.orNothing : value.schema
        return schema.adding(notes)
    }
}

extension SchemaValue {
    /// The same, or null.
    fileprivate var orNothing: SchemaValue {
        guard case .object(let members) = self, case .text(let type)? = members["type"] else {
            return ["anyOf": [self, ["type": "null"]]]
        }
        return adding(["type": [.text(type), "null"]])
    }
}
