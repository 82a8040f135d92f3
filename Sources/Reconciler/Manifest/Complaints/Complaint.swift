/// A place in a file, for people: both count from 1.
public struct SourcePlace: Hashable, Codable, Sendable, CustomStringConvertible {
    public let file: String
    public internal(set) var line: Int
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}

/// Something that is wrong, or looks wrong, in what people wrote.
public struct Complaint: Hashable, Codable, Sendable {
    public enum Severity: String, Codable, Sendable {
        case error
        case warning
    }

    public let severity: Severity
    public let rule: Rule
    /// Missing if it is about no place in a file.
    public private(set) var place: SourcePlace?
    private var valuePath: ValuePath
    /// What was found.
    public let found: String
    /// What was expected.
    public let expected: String
    /// The nearest known word, or what to do.
    public let hint: String?
    /// The other place, where two do not go together.
    public private(set) var related: SourcePlace?
    /// The line in question with a caret below the column.
    public internal(set) var excerpt: SourceExcerpt?

    private enum CodingKeys: String, CodingKey {
        case severity, rule, place, found, expected, hint, related, excerpt
        case valuePath = "path"
    }

    /// The path to the value, `devices[3].iccid`; empty if it is about none.
    public var path: String { valuePath.description }

    init(
        _ severity: Severity, _ rule: Rule = .invalidValue, at place: SourcePlace?, path: ValuePath = "", found: String,
        expected: String,
        hint: String? = nil, related: SourcePlace? = nil
    ) {
        self.severity = severity
        self.rule = rule
        self.place = place
        valuePath = path
        self.found = found
        self.expected = expected
        self.hint = hint
        self.related = related
    }

    /// The same complaint of a part of a list that `lines` lines and `devices` devices stand before.
    func movedBehind(lines: Int, devices: Int) -> Complaint {
        var complaint = self
        complaint.place?.line += lines
        complaint.related?.line += lines
        complaint.valuePath = valuePath.movedBehind(devices)
        return complaint
    }

    /// One sentence: the path, what was found, what was expected, the hint, the other place.
    public var message: String {
        var text = path.isEmpty ? "" : path + ": "
        text += "found \(found), expected \(expected)"
        if let related { text += "; the other is at \(related)" }
        if let hint { text += "; \(hint)" }
        return text
    }

    /// The same sentence, fit to be printed.
    public var sentence: DisplayText {
        var text: DisplayText = path.isEmpty ? "" : "\(path, limit: 300): "
        text += "found \(found), expected \(expected)"
        if let related { text += "; the other is at \(related)" }
        if let hint { text += "; \(hint)" }
        return text
    }

    /// The parts of a complaint that may be coloured.
    public enum Part: Sendable {
        case place
        case severity(Severity)
        case message
        case caret
    }

    /// The complaint as compilers print it, over one to three lines.
    ///
    /// - Parameter paint: given each part, so that it can be coloured.
    public func rendered(paint: (DisplayText, Part) -> DisplayText) -> DisplayText {
        var text = place.map { paint("\($0):", .place) + " " } ?? ""
        text += paint("\(severity.rawValue)", .severity(severity)) + ": " + paint(sentence, .message)
        if let excerpt { text += "\n    \(excerpt.line)\n    \(paint("\(excerpt.caret)", .caret))" }
        return text
    }

    /// The complaint without colours.
    public var displayText: DisplayText { rendered { text, _ in text } }

    /// The same as a string.
    public var text: String { displayText.description }
}

/// A line of a file and a caret below one of its columns.
public struct SourceExcerpt: Hashable, Codable, Sendable {
    public let line: String
    public let caret: String

    private static let width = 100

    /// Cuts a window around `column` (from 1, counted in code points as libyaml does) out of a long line; what does not
    /// show itself is shown as a space.
    init(line: String, column: Int) {
        var rule = VisibilityRule()
        // What is behind the window is not looked at, however long the line is.
        let scalars = line.unicodeScalars.prefix(max(column, 0) + Self.width + 1).map { scalar -> Unicode.Scalar in
            rule.isVisible(scalar) ? scalar : " "
        }
        let position = min(max(column - 1, 0), scalars.count)
        let start = max(0, min(position - Self.width / 2, scalars.count - Self.width))
        let end = min(scalars.count, start + Self.width)
        let prefix = start > 0 ? "..." : ""
        var window = String.UnicodeScalarView()
        window.append(contentsOf: scalars[start..<end])
        self.line = prefix + String(window) + (end < scalars.count ? "..." : "")
        caret = String(repeating: " ", count: prefix.count + position - start) + "^"
    }
}
