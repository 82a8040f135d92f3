import Foundation
import Testing

@testable import Reconciler

/// What a JSON Schema says of YAML files: `scripts/check-schema`, which reads YAML as editors do.
enum SchemaCheck {
    /// - Returns: the reasons of those documents that are refused, by their numbers.
    static func refusals(of documents: [String], by schema: SchemaValue) async throws -> [Int: String] {
        let folder = try TemporaryFolder()
        let schemaFile = try folder.write("schema.json", try schema.document())
        let files = try documents.enumerated().map { try folder.write("\($0.offset).yaml", $0.element) }
        let result = try await Binary.run(
            [schemaFile] + files, in: folder.path, program: Repository.path + "/scripts/check-schema")
        let lines = result.output.split(separator: "\n")
        try #require(
            lines.count == documents.count,
            "\(result.errors) (`scripts/install-dependencies python3-jsonschema python3-yaml` installs what it needs)")
        var refusals: [Int: String] = [:]
        for (number, line) in lines.enumerated() where line.hasPrefix("refused ") { refusals[number] = String(line) }
        return refusals
    }
}
