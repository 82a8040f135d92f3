import Foundation
import Logging
import Reconciler

/// Writes log lines to stderr, as text or as one JSON object a line.
struct StandardErrorLog: LogHandler {
    let format: LogFormat
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    init(format: LogFormat) {
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let time = SystemClock().now().description
        switch format {
        case .text:
            let details = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            printError("\(time) \(event.level) \(event.message)\(details)")
        case .json:
            var fields = all.mapValues { "\($0)" }
            fields["time"] = time
            fields["level"] = "\(event.level)"
            fields["message"] = "\(event.message)"
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            if let line = try? encoder.encode(fields) { printError(String(decoding: line, as: UTF8.self)) }
        }
    }
}
