import Foundation

/// Complaints as commands of GitHub's workflows, which shows them beside the lines of a pull request.
///
/// GitHub's documents: "Workflow commands for GitHub Actions". It shows 10 errors and 10 warnings of a step.
public struct WorkflowAnnotations: Sendable {
    /// One command on each line.
    public let lines: [String]

    /// - Parameters:
    ///   - root: the top folder of the repository, which the names of files become relative to.
    ///   - directory: the folder that relative names are relative to now.
    public init(_ complaints: [Complaint], root: String, directory: String) {
        let paths = RepositoryPath(root: root, directory: directory)
        lines = complaints.map { Self.line($0, paths) }
    }

    private static func line(_ complaint: Complaint, _ paths: RepositoryPath) -> String {
        var properties: [(String, String)] = []
        var message = complaint.message
        if let place = complaint.place {
            if let file = paths.relative(place.file) {
                properties = [("file", file), ("line", "\(place.line)"), ("col", "\(place.column)")]
            } else {
                message = "\(place): \(message)"
            }
        }
        properties.append(("title", "profilectl: \(complaint.rule.rawValue)"))
        let list = properties.map { "\($0)=\(escapedProperty($1))" }.joined(separator: ",")
        return "::\(complaint.severity.rawValue) \(list)::\(escaped(message))"
    }

    /// How many Unicode scalars of a text are shown.
    private static let limit = 4000

    /// As GitHub's own toolkit escapes the text of a command, and what does not show itself as its escape. Scalar by
    /// scalar: CR and LF make one character.
    private static func escaped(_ text: String, also others: String = "") -> String {
        var result = VisibleScalars()
        for scalar in text.unicodeScalars.prefix(limit) {
            if "%\r\n".unicodeScalars.contains(scalar) || others.unicodeScalars.contains(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                for digit in ("%" + (digits.count < 2 ? "0" : "") + digits).unicodeScalars { result.append(digit) }
            } else {
                result.append(scalar)
            }
        }
        return result.string
    }

    private static func escapedProperty(_ text: String) -> String { escaped(text, also: ":,") }
}
