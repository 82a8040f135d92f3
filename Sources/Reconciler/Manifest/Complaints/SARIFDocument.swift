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
        // A result without a place is refused by GitHub's code scanning; it is rather a word about the run.
        var notifications = loaded.complaints.filter { $0.place == nil }.map { complaint in
            Notification(level: complaint.severity, message: Message(outside: complaint.sentence))
        }
        let isComplete = notifications.isEmpty
        if loaded.leftOut > 0 {
            let text = "\(counted(loaded.leftOut, "further complaint")) left out."
            notifications.append(Notification(level: .warning, message: Message(text: text)))
        }
        runs = [
            Run(
                tool: Tool(driver: Driver(version: toolVersion)),
                invocations: [
                    Invocation(executionSuccessful: isComplete, toolExecutionNotifications: notifications)
                ],
                results: loaded.complaints.compactMap { complaint in
                    complaint.place.map { Result(complaint, at: $0, paths) }
                })
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
            defaultConfiguration = Configuration(level: rule == .checkDigits || rule == .emptySet ? .warning : .error)
        }
    }

    struct Configuration: Encodable, Sendable {
        let level: Complaint.Severity
    }

    struct Invocation: Encodable, Sendable {
        /// Whether everything that was named could be read.
        let executionSuccessful: Bool
        let toolExecutionNotifications: [Notification]
    }

    struct Notification: Encodable, Sendable {
        let level: Complaint.Severity
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
        let locations: [Location]
        let relatedLocations: [Location]?

        init(_ complaint: Complaint, at place: SourcePlace, _ paths: RepositoryPath) {
            ruleId = complaint.rule.rawValue
            ruleIndex = Complaint.Rule.allCases.firstIndex(of: complaint.rule) ?? 0
            level = complaint.severity
            message = Message(outside: complaint.sentence)
            locations = [Location(place, paths, snippet: complaint.excerpt?.line)]
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
                region: Region(
                    startLine: place.line, startColumn: place.column, snippet: snippet.map { Message(text: $0) }))
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

extension SARIFDocument.Message {
    /// A sentence in which `[text](place)` is no link (SARIF 2.1.0, section 3.11.6).
    init(outside sentence: DisplayText) {
        text = sentence.description.replacing("](", with: #"\]("#)
    }
}
