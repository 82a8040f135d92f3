/// Text that may be printed: what is written in the program stands as it is, and every value between it (of files, names,
/// the carrier, callbacks, people, arguments) is cleaned and bounded when it is put in.
///
/// What prints takes nothing else, so that the compiler finds each value that would reach a terminal or a log as it came.
public struct DisplayText: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringInterpolation {
    /// As it is printed. Line ends in it are the program's own.
    public private(set) var description: String

    /// How many Unicode scalars of a value are shown, unless a limit is given.
    public static let valueLimit = 2000

    /// What is written in the program.
    public init(stringLiteral text: StaticString) {
        description = text.description
    }

    public init(stringInterpolation: StringInterpolation) {
        description = stringInterpolation.text
    }

    /// A value from outside, cleaned.
    ///
    /// - Parameter limit: how many Unicode scalars of it are shown.
    public init(_ value: String, limit: Int = valueLimit) {
        self.init(stringInterpolation: StringInterpolation(value, limit: limit))
    }

    /// An error as a person reads it.
    public init(error: any Error) {
        switch error {
        case let error as any ErrorOfSeveralLines: self = error.displayText
        default: self.init("\(error)", limit: 10_000)
        }
    }

    public var isEmpty: Bool { description.isEmpty }

    public static func + (left: DisplayText, right: DisplayText) -> DisplayText {
        var text = left
        text += right
        return text
    }

    public static func += (left: inout DisplayText, right: DisplayText) {
        left.description += right.description
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        fileprivate init(_ value: String, limit: Int) {
            appendInterpolation(value, limit: limit)
        }

        // No variable can be a `StaticString`.
        public mutating func appendLiteral(_ literal: StaticString) { text += literal.description }

        /// What is cleaned already.
        public mutating func appendInterpolation(_ display: DisplayText) { text += display.description }

        public mutating func appendInterpolation(_ value: some Any) {
            appendInterpolation(String(describing: value), limit: DisplayText.valueLimit)
        }

        public mutating func appendInterpolation(_ value: String, limit: Int) {
            var value = limit == .max ? value.visible : value.visible(upTo: limit, ending: "...")
            // A line that begins with `::`, or has `##[` in it, is a command of a workflow in GitHub's logs.
            if isAtLineStart, value.first(where: { !$0.isWhitespace }) == ":", let colon = value.firstIndex(of: ":") {
                value.replaceSubrange(colon...colon, with: #"\u{3a}"#)
            }
            if value.contains("##[") { value.replace("##[", with: #"#\u{23}["#) }
            text += value
        }

        /// Whether nothing but white space stands in the line so far.
        private var isAtLineStart: Bool {
            for character in text.reversed() {
                if character.isNewline { return true }
                guard character.isWhitespace else { return false }
            }
            return true
        }
    }
}

/// An error whose description has several lines of the program's own making.
public protocol ErrorOfSeveralLines: Error {
    var displayText: DisplayText { get }
}

extension DisplayText {
    /// The text, filled with spaces up to `width` characters.
    public func padded(to width: Int) -> DisplayText {
        var text = self
        text.description += String(repeating: " ", count: max(0, width - description.count))
        return text
    }

    /// The text, with spaces before it up to `width` characters.
    public func aligned(to width: Int) -> DisplayText {
        var text = self
        text.description = String(repeating: " ", count: max(0, width - description.count)) + description
        return text
    }

    /// As much of the text as fits into so many columns of a terminal, with "…" where more is left out.
    public func cut(toColumns limit: Int) -> DisplayText {
        guard description.unicodeScalars.reduce(0, { $0 + $1.columns }) > limit else { return self }
        var text = self
        var room = limit - 1
        let kept = description.unicodeScalars.prefix { scalar in
            room -= scalar.columns
            return room >= 0
        }
        text.description = String(kept) + (limit > 0 ? "…" : "")
        return text
    }
}

extension [DisplayText] {
    public func joined(separator: DisplayText) -> DisplayText {
        guard var text = first else { return "" }
        for next in dropFirst() {
            text += separator
            text += next
        }
        return text
    }
}

extension Unicode.Scalar {
    /// How many columns of a terminal the character takes: none for marks, two for what East Asian scripts and emoji use.
    fileprivate var columns: Int {
        switch value {
        case 0..<0x300: 1
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            2
        default:
            switch properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: 0
            default: 1
            }
        }
    }
}
