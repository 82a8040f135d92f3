import Foundation
import Testing

/// Programs of others that `scripts/install-test-tools` installs, and by which tests judge what profilectl prints.
enum Tool: String {
    case jq
    case cmark = "cmark-gfm"
    case chromedriver
    case systemdAnalyze = "systemd-analyze"
    /// Debian's, for which the package python3-jsonschema is.
    case python = "/usr/bin/python3"
    /// A virtual environment with regopy.
    case rego = ".build/rego/bin/python3"

    /// Where it is; `nil` if it is not installed.
    var path: String? {
        let candidates =
            switch self {
            case .python: [rawValue]
            case .rego: [Repository.path + "/" + rawValue]
            case .jq, .cmark, .chromedriver, .systemdAnalyze:
                (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(rawValue)" }
            }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// A test that needs the tool is skipped, and said to be, on a machine that cannot have it.
    var isThere: ConditionTrait {
        .enabled(if: path != nil, "\(rawValue) is not installed; run scripts/install-test-tools")
    }

    func run(_ arguments: [String], in directory: String = "/", input: String = "") async throws -> Binary.Result {
        let program: String = try #require(path)
        return try await Binary(arguments, in: directory, input: Data(input.utf8), program: program).result()
    }
}
