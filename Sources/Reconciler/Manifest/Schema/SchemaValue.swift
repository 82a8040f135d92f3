import Foundation

/// A piece of JSON Schema, spelt as it is printed.
public indirect enum SchemaValue: Sendable {
    case text(String)
    case number(Decimal)
    case truth(Bool)
    case list([SchemaValue])
    case object([String: SchemaValue])

    /// The same object with further members.
    func adding(_ members: [String: SchemaValue]) -> SchemaValue {
        guard case .object(let own) = self else { return self }
        return .object(own.merging(members) { $1 })
    }
}

extension SchemaValue: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .truth(let truth): try container.encode(truth)
        case .list(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }
}

extension SchemaValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral text: String) { self = .text(text) }
    public init(booleanLiteral truth: Bool) { self = .truth(truth) }
    public init(integerLiteral number: Int) { self = .number(Decimal(number)) }
    public init(arrayLiteral elements: SchemaValue...) { self = .list(elements) }
    public init(dictionaryLiteral members: (String, SchemaValue)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
