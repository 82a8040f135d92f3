import Foundation

/// The result of reading manifests as a SARIF 2.1.0 log (OASIS, "Static Analysis Results Interchange Format"), for
/// code scanning and editors.
public struct SARIFDocument: Encodable, Sendable {
    let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    let version = "2.1.0"
    let runs: [Run]

    private enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version, runs
    }

    /// - Parameters:
    ///   - toolVersion: of the program that writes.
    ///   - root: the top folder of the repository, which the names of files become relative to.
    ///   - directory: the folder that relative names are relative to now.
    public init(_ loaded: LoadedManifest, toolVersion: String, root: String, directory: String) {
        let paths = RepositoryPath(root: root, directory: directory)
        var invocation = Invocation()
        if loaded.leftOut > 0 {
            invocation.toolExecutionNotifications = [
                Notification(message: Message(text: "\(counted(loaded.leftOut, "further complaint")) left out."))
            ]
        }
        runs = [
            Run(
                tool: Tool(driver: Driver(version: toolVersion)), invocations: [invocation],
                results: loaded.complaints.map { Result($0, paths) })
        ]
    }

    struct Run: Encodable, Sendable {
        let tool: Tool
        let invocations: [Invocation]
        let results: [Result]
        /// Columns count characters, as libyaml does.
        let columnKind = "unicodeCodePoints"

        private enum CodingKeys: String, CodingKey {
            case tool, invocations, results, columnKind
        }
    }

    struct Tool: Encodable, Sendable {
        let driver: Driver
    }

    struct Driver: Encodable, Sendable {
        let name = "profilectl"
        let version: String
        let rules = Complaint.Rule.allCases.map(Rule.init)

        private enum CodingKeys: String, CodingKey {
            case name, version, rules
        }
    }

    struct Rule: Encodable, Sendable {
        let id: String
        let shortDescription: Message
        let defaultConfiguration: Configuration

        init(_ rule: Complaint.Rule) {
            id = rule.rawValue
            shortDescription = Message(text: rule.summary)
            defaultConfiguration = Configuration(level: rule == .checkDigits ? .warning : .error)
        }
    }

    struct Configuration: Encodable, Sendable {
        let level: Complaint.Severity
    }

    struct Invocation: Encodable, Sendable {
        let executionSuccessful = true
        var toolExecutionNotifications: [Notification]?

        private enum CodingKeys: String, CodingKey {
            case executionSuccessful, toolExecutionNotifications
        }
    }

    struct Notification: Encodable, Sendable {
        let message: Message
    }

    struct Message: Encodable, Sendable {
        let text: String
    }

    struct Result: Encodable, Sendable {
        let ruleId: String
        let ruleIndex: Int
        let level: Complaint.Severity
        let message: Message
        let locations: [Location]?
        let relatedLocations: [Location]?

        init(_ complaint: Complaint, _ paths: RepositoryPath) {
            ruleId = complaint.rule.rawValue
            ruleIndex = Complaint.Rule.allCases.firstIndex(of: complaint.rule) ?? 0
            level = complaint.severity
            message = Message(text: complaint.message)
            locations = complaint.place.map { [Location($0, paths, snippet: complaint.excerpt?.line)] }
            relatedLocations = complaint.related.map { [Location($0, paths, id: 0)] }
        }
    }

    struct Location: Encodable, Sendable {
        let id: Int?
        let physicalLocation: PhysicalLocation

        init(_ place: SourcePlace, _ paths: RepositoryPath, id: Int? = nil, snippet: String? = nil) {
            self.id = id
            physicalLocation = PhysicalLocation(
                artifactLocation: ArtifactLocation(place.file, paths),
                region: Region(startLine: place.line, startColumn: place.column, snippet: snippet.map(Message.init)))
        }
    }

    struct PhysicalLocation: Encodable, Sendable {
        let artifactLocation: ArtifactLocation
        let region: Region
    }

    struct ArtifactLocation: Encodable, Sendable {
        let uri: String
        let uriBaseId: String?

        init(_ file: String, _ paths: RepositoryPath) {
            if let relative = paths.relative(file) {
                uri = Self.encoded(relative)
                uriBaseId = "%SRCROOT%"
            } else if file == ManifestSource.standardInput.name {
                uri = "stdin"
                uriBaseId = nil
            } else {
                uri = "file://" + Self.encoded(paths.absolute(file))
                uriBaseId = nil
            }
        }

        /// A path as a URI reference; a colon in its first part would make it a scheme (RFC 3986, section 4.2).
        private static func encoded(_ path: String) -> String {
            var allowed = CharacterSet.urlPathAllowed
            allowed.remove(charactersIn: ":;")
            return path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
        }
    }

    struct Region: Encodable, Sendable {
        let startLine: Int
        let startColumn: Int
        let snippet: Message?
    }
}
