import Foundation
import Logging
import Reconciler
import Synchronization

/// What the program says on stderr: progress, errors, logs. All of it takes the format of the log, and nobody who says
/// something waits for those who read.
enum StandardError {
    /// The format is that of the command, once its options are known.
    static let format = Mutex(LogFormat.text)

    private static let queue = OutputQueue { dropped in
        let count = counted(dropped, "line")
        return Array(record("\(count) of this log were dropped, because nobody read it.", .warning).utf8)
    } write: {
        // What cannot be said, on a full disk for one, must not end the work.
        _ = Descriptor.write($0, to: 2)
    }

    /// Says a sentence.
    static func say(_ text: DisplayText, _ level: Logger.Level = .notice) {
        queue.add(Array(record(text, level).utf8))
    }

    /// Says a line of the log.
    static func log(_ text: DisplayText, _ level: Logger.Level, _ details: [(key: String, value: String)]) {
        switch format.withLock({ $0 }) {
        case .text:
            var line: DisplayText = "\(SystemClock().now()) \(level) " + text
            for (key, value) in details { line += " \(key)=\(value)" }
            queue.add(Array((line.description + "\n").utf8))
        case .json: queue.add(Array(json(text, level, details).utf8))
        }
    }

    /// Draws on the terminal; a log in JSON has nothing of it.
    static func draw(_ text: DisplayText) { queue.add(Array(text.description.utf8)) }

    /// Waits until all is written, but not for longer than `patience`.
    static func drain(within patience: Duration) { queue.drain(within: patience) }

    private static func record(_ text: DisplayText, _ level: Logger.Level) -> String {
        switch format.withLock({ $0 }) {
        case .text: text.description + "\n"
        case .json: json(text, level, [])
        }
    }

    private static func json(
        _ text: DisplayText, _ level: Logger.Level, _ details: [(key: String, value: String)]
    ) -> String {
        var fields = Dictionary(details.map { ($0.key, DisplayText($0.value).description) }) { $1 }
        fields["time"] = SystemClock().now().description
        fields["level"] = level.rawValue
        fields["message"] = text.description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(fields), as: UTF8.self) + "\n"
        } catch {
            return "{\"level\":\"error\",\"message\":\"a line of the log could not be encoded\"}\n"
        }
    }
}

/// Says a sentence on stderr.
func printError(_ text: DisplayText, _ level: Logger.Level = .notice) {
    StandardError.say(text, level)
}

/// Says on stderr what stands in the way.
func printFailure(_ text: DisplayText, _ style: Style) {
    let isJSON = StandardError.format.withLock { $0 == .json }
    StandardError.say(isJSON ? text : style.red("error: ") + text, .error)
}
