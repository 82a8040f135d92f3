import Foundation

extension RolloutPolicy.Amount: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let amount = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "neither a share nor a number")
        }
        self = amount
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A share or a number as text, labels as `{"labels": {...}}`.
extension RolloutPolicy.Wave: Codable {
    private struct Labels: Codable {
        let labels: [String: String]
    }

    public init(from decoder: any Decoder) throws {
        if let amount = try? RolloutPolicy.Amount(from: decoder) {
            self = .upTo(amount)
        } else {
            self = .labels(try Labels(from: decoder).labels)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .upTo(let amount): try amount.encode(to: encoder)
        case .labels(let labels): try Labels(labels: labels).encode(to: encoder)
        }
    }
}

extension RolloutPolicy {
    /// The policy as plan files carry it, with all that it is made of: equal policies give equal JSON.
    var json: JSONValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // What has been read from YAML or JSON can be written.
        guard let data = try? encoder.encode(self), let value = try? JSONValue(json: Array(data)) else { return .null }
        return value
    }

    /// - Returns: `nil` if that is no policy.
    init?(json: JSONValue) {
        guard let policy = try? JSONDecoder().decode(Self.self, from: Data(json.canonicalBytes)) else { return nil }
        self = policy
    }
}
