import Foundation
import Testing

/// Programs of others that `scripts/install-api-tools` puts into a folder of their own, and by which the tests judge
/// the admin endpoint.
enum APITool: String {
    case promtool
    case schemathesis = "schemathesis/bin/schemathesis"

    /// Where the script puts them.
    private static let folder: String = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? NSTemporaryDirectory()) + "/.cache"
        return environment["PROFILECTL_API_TOOLS"] ?? cache + "/profilectl/api-tools"
    }()

    private var path: String { "\(Self.folder)/\(rawValue)" }

    /// A test that needs the tool is skipped, and said to be, on a machine that cannot have it.
    var isThere: ConditionTrait {
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: path),
            "\(rawValue) is not installed; run scripts/install-api-tools")
    }

    func run(_ arguments: [String], in directory: String = "/", input: String = "") async throws -> Binary.Result {
        try await Binary(arguments, in: directory, input: Data(input.utf8), program: path).result()
    }
}
