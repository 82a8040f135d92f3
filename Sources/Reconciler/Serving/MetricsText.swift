/// Metrics as Prometheus scrapes them: the text format 0.0.4, or OpenMetrics 1.0 for those who ask for it.
public struct MetricsText: Sendable {
    public enum Format: Sendable {
        case prometheus
        case openMetrics

        /// The format that an `Accept` header asks for.
        public init(accept: String?) {
            self = accept?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
        }

        public var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    public enum Kind: String, Sendable {
        case gauge
        /// Only ever grows; the name is given without `_total`.
        case counter
    }

    /// The value for one combination of labels.
    public struct Sample: Sendable {
        public let labels: KeyValuePairs<String, String>
        public let value: Double

        public init(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
            self.labels = labels
            self.value = value
        }
    }

    private let format: Format
    private var text = ""

    public init(format: Format) {
        self.format = format
    }

    /// Adds a metric with all its samples; one without samples is left out.
    ///
    /// - Parameters:
    ///   - name: without the prefix `profilectl_`.
    ///   - help: a sentence.
    public mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        let name = name.hasPrefix("process_") ? name : "profilectl_" + name
        let sampleName = kind == .counter ? name + "_total" : name
        let family = format == .openMetrics ? name : sampleName
        text += "# HELP \(family) \(Self.escaped(help, quotes: false))\n# TYPE \(family) \(kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0.key)=\"\(Self.escaped($0.value, quotes: true))\"" }
            text += sampleName + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}")
            text += " \(Self.plain(sample.value))\n"
        }
    }

    /// The whole text.
    public func finished() -> String {
        format == .openMetrics ? text + "# EOF\n" : text
    }

    private static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    /// By scalars: a quotation mark with an accent behind it is another character to Swift, but ends a label all the same.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: "\\\"".unicodeScalars)
            // Prometheus takes it for the end of the text.
            case "\0": escaped.append("\u{FFFD}")
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
