/// How a callback registration is dealt with.
public enum RegistrationMode: String, CaseIterable, Sendable {
    /// Look whether the carrier calls us, and refuse to run if it does not.
    case check
    /// Register where nobody is registered; never replace another one.
    case auto
    /// Do not look.
    case never
}

/// The settings of a run, from `profilectl.yaml`, the environment and options.
public struct Settings: Sendable {
    public var baseURL = BaseURL.production
    /// `sqlite:PATH`
    public var state = "sqlite:.profilectl/state.db"
    /// How long another process that writes to the store is waited for.
    public var stateTimeout = SQLiteStore.usualBusyTimeout
    /// How long the past is kept.
    public var history = Duration.seconds(90 * 86_400)
    /// Host and port on which callbacks are listened for.
    public var callbackListen = "0.0.0.0:9001"
    /// What the carrier is told to call.
    public var callbackURL: String?
    /// The files that TLS is spoken with; without them plain HTTP, on loopback or behind a proxy only.
    public var callbackTLS: CallbackTLS?
    /// Whether a proxy that speaks TLS stands before the listener.
    public var behindProxy = false
    /// Addresses and networks that callbacks may come from, `thingspace` for the carrier's; `nil` for all.
    public var callbackAllow: [String]?
    public var register = RegistrationMode.check
    public var verification = ApplyOptions.Verification.lookup
    public var policy = ConvergencePolicy()
    /// Which of the carrier's lists are read.
    public var lists = ListChoice()
    /// How often a controller reads them.
    public var refreshInterval = Duration.seconds(6 * 3600)
    /// Host and port of a controller's metrics, dashboard and API.
    public var adminListen = "127.0.0.1:9180"
    /// The files that TLS is spoken with there; without them plain HTTP.
    public var adminTLS: CallbackTLS?
    /// How long a controller that is ended waits for what is under way.
    public var drainTimeout = Duration.seconds(30)
    /// How often a controller looks whether the manifests have changed; `nil` for what suits where they come from.
    public var manifestInterval: Duration?
    /// What a person ought to know about where they come from, as sentences.
    public internal(set) var warnings: [String] = []

    public init() {}
}

/// Settings that cannot be used, as a sentence with what to do.
public struct SettingsError: ErrorOfSeveralLines, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public let displayText: DisplayText

    public init(_ description: String) {
        self.description = description
        displayText = DisplayText(description, limit: 10_000)
    }

    /// What is wrong with a settings file.
    init(_ complaints: [Complaint]) {
        displayText = complaints.map(\.displayText).joined(separator: "\n")
        description = displayText.description
    }
}

extension Duration {
    /// What such a text looks like, behind "expected".
    public static let settingExpected = "a duration such as 30s, 15m or 6h"

    /// Longer ones mean nothing to anybody.
    static let longestSetting = Duration.seconds(3650 * 86_400)

    /// As it is written in settings, in the largest unit that is whole; what is less than a millisecond is left out.
    public var settingText: String {
        let units: [(name: String, milliseconds: Int64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ]
        let milliseconds = wholeMilliseconds
        guard milliseconds != 0 else { return "0s" }
        let unit = units.first { milliseconds.isMultiple(of: $0.milliseconds) } ?? ("ms", 1)
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// Reads `90s`, `30m`, `6h`, `2d`, `500ms`; `nil` for anything else.
    public init?(settingText text: String) {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits), number >= 0 else { return nil }
        let milliseconds: Double
        switch text.dropFirst(digits.count) {
        case "ms": milliseconds = 1
        case "s": milliseconds = 1000
        case "m": milliseconds = 60_000
        case "h": milliseconds = 3_600_000
        case "d": milliseconds = 86_400_000
        default: return nil
        }
        guard let whole = Int64(outside: number * milliseconds, in: 0...Self.longestSetting.wholeMilliseconds) else {
            return nil
        }
        self = .milliseconds(whole)
    }
}
