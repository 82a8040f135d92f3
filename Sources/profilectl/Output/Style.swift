import Foundation
import Reconciler

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

    func green(_ text: DisplayText) -> DisplayText { isColored ? "\u{1B}[32m\(text)\u{1B}[0m" : text }
    func yellow(_ text: DisplayText) -> DisplayText { isColored ? "\u{1B}[33m\(text)\u{1B}[0m" : text }
    func red(_ text: DisplayText) -> DisplayText { isColored ? "\u{1B}[31m\(text)\u{1B}[0m" : text }
    func cyan(_ text: DisplayText) -> DisplayText { isColored ? "\u{1B}[36m\(text)\u{1B}[0m" : text }
    func bold(_ text: DisplayText) -> DisplayText { isColored ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func dim(_ text: DisplayText) -> DisplayText { isColored ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}
