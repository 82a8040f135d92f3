import Foundation
import Testing

@testable import Reconciler

/// What a JSON Schema says of YAML files: `scripts/check-schema`, which reads YAML as editors do.
enum SchemaCheck {
    /// - Returns: the reasons of those documents that are refused, by their numbers.
    static func refusals(of documents: [String], by schema: SchemaValue) throws -> [Int: String] {
        let folder = try TemporaryFolder()
        let schemaFile = try folder.write("schema.json", try schema.document())
        let files = try documents.enumerated().map { try folder.write("\($0.offset).yaml", $0.element) }
        let result = try Tool.run(Repository.path + "/scripts/check-schema", [schemaFile] + files)
        let lines = result.output.split(separator: "\n")
        try #require(
            lines.count == documents.count,
            "\(result.errors) (`scripts/install-dependencies python3-jsonschema python3-yaml` installs what it needs)")
        var refusals: [Int: String] = [:]
        for (number, line) in lines.enumerated() where line.hasPrefix("refused ") { refusals[number] = String(line) }
        return refusals
    }
}

/// A program of the system, run to its end.
enum Tool {
    struct Result {
        let exitCode: Int32
        let output: String
        let errors: String
    }

    static func run(_ path: String, _ arguments: [String], in directory: String = "/") throws -> Result {
        let folder = try TemporaryFolder()
        let output = try folder.write("output", Data())
        let errors = try folder.write("errors", Data())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        try process.run()
        process.waitUntilExit()
        func text(_ file: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        }
        return Result(exitCode: process.terminationStatus, output: try text(output), errors: try text(errors))
    }
}
