import Foundation

/// When output is coloured.
enum ColorChoice: String, CaseIterable {
    case auto
    case always
    case never
}

/// Colours text, or leaves it alone where nobody would see colours.
struct Style {
    let isColored: Bool

    /// - Parameter descriptor: what is written to, 1 for stdout and 2 for stderr.
    init(_ choice: ColorChoice, descriptor: Int32) {
        switch choice {
        case .always: isColored = true
        case .never: isColored = false
        case .auto:
            let environment = ProcessInfo.processInfo.environment
            isColored =
                environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb" && isatty(descriptor) == 1
        }
    }

    func green(_ text: String) -> String { paint(text, "32") }
    func yellow(_ text: String) -> String { paint(text, "33") }
    func red(_ text: String) -> String { paint(text, "31") }
    func cyan(_ text: String) -> String { paint(text, "36") }
    func bold(_ text: String) -> String { paint(text, "1") }
    func dim(_ text: String) -> String { paint(text, "2") }

    private func paint(_ text: String, _ code: String) -> String {
        isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// The text, filled with spaces up to `width` characters.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
}
