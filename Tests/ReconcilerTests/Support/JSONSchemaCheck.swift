import Foundation
import Testing

/// Holds documents against JSON Schemas, by Python's jsonschema.
///
/// A published schema lets readers meet members that it does not name; here they are errors, so that nothing is
/// printed that is not described.
enum JSONSchemaCheck {
    private static let script = """
        import json, sys, jsonschema

        def close(schema):
            if isinstance(schema, dict):
                if "properties" in schema:
                    schema.setdefault("additionalProperties", False)
                for part in schema.values():
                    close(part)
            elif isinstance(schema, list):
                for part in schema:
                    close(part)

        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        close(schema)
        for error in jsonschema.Draft202012Validator(schema).iter_errors(json.load(sys.stdin)):
            print("/".join(map(str, error.absolute_path)) + ": " + error.message[:300])
        """

    /// What does not fit, a line each; empty if all does.
    static func complaints(of document: String, schema: String) async throws -> String {
        let folder = try TemporaryFolder()
        let file = try folder.write("schema.json", schema)
        let result = try await Tool.python.run(["-c", script, file], input: document)
        #expect(result.exitCode == 0, "\(result.errors)")
        return result.output
    }
}
