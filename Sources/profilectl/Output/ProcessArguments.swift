import CProcess
import Reconciler

/// What the process was started with, without its own name.
enum ProcessArguments {
    /// - Returns: `nil` if there are none, or none are known.
    static var all: [String]? {
        let count = cprocess_argument_count()
        // A C library that does not say leaves it to Swift, which reads /proc.
        guard count > 0 else { return arguments(Array(CommandLine.arguments.dropFirst())) }
        return arguments((1..<max(count, 1)).compactMap { cprocess_argument($0).map { String(cString: $0) } })
    }

    private static func arguments(_ words: [String]) -> [String]? { words.isEmpty ? nil : words }

    /// What the argument parser says of wrong usage, with the words that it repeats cleaned: a line end in one of them
    /// begins no line.
    static func cleaned(_ message: String, repeating arguments: [String]) -> DisplayText {
        var message = message
        for argument in arguments {
            let value = argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
            for word in [argument, value ?? ""] {
                let shown = word.excerpt(limit: 200)
                if !word.isEmpty, shown != word { message = message.replacing(word, with: shown) }
            }
        }
        return message.split(separator: "\n", omittingEmptySubsequences: false).map { DisplayText(String($0)) }
            .joined(separator: "\n")
    }
}
