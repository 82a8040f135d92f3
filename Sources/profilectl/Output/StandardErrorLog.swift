import Logging
import Reconciler

/// Writes log lines to stderr, as text or as one JSON object a line.
struct StandardErrorLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        StandardError.log(
            "\(event.message)", event.level, all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })
    }
}
