import Foundation

extension MaintenanceWindows: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let windows = Self(try container.decode([MaintenanceWindow].self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no window")
        }
        self = windows
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(windows)
    }
}

/// As it is written in the YAML, with each day for itself.
extension MaintenanceWindow: Codable {
    private enum CodingKeys: String, CodingKey {
        case days, from, to, timeZone
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let names = try container.decode([String].self, forKey: .days)
        let days = names.compactMap { name in Weekday.allCases.first { $0.name == name } }
        let from = Self.minutes(ofClock: try container.decode(String.self, forKey: .from))
        let to = Self.minutes(ofClock: try container.decode(String.self, forKey: .to))
        let zone = Self.zone(named: try container.decode(String.self, forKey: .timeZone))
        guard days.count == names.count, let from, let to, let zone,
            let window = Self(days: Set(days), from: from, to: to, timeZone: zone)
        else {
            throw DecodingError.dataCorruptedError(forKey: .days, in: container, debugDescription: "no window")
        }
        self = window
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(days.sorted { $0.rawValue < $1.rawValue }.map(\.name), forKey: .days)
        try container.encode(Self.clockText(from), forKey: .from)
        let end = to > Self.minutesPerDay ? to - Self.minutesPerDay : to
        try container.encode(Self.clockText(end), forKey: .to)
        try container.encode(zoneName, forKey: .timeZone)
    }
}
