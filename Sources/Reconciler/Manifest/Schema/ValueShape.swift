import Foundation

/// What a value of our YAML looks like.
///
/// Scalars are read as they are written, with or without quotes, and an editor that knows YAML sees a number in some
/// that we take for text. So each form allows for both.
indirect enum ValueShape: Sendable {
    /// One of a few words.
    case words([String])
    /// Any text but none, with this regular expression if there is one.
    case text(pattern: String? = nil)
    /// Text of the form of a regular expression, which no editor takes for something else.
    case form(String)
    /// A number of so many digits that is an identifier: leading zeros count.
    case digits(ClosedRange<Int>)
    /// A dotted object identifier.
    case objectIdentifier
    /// A whole number; the range begins with 0 or 1.
    case whole(ClosedRange<Int>)
    /// A number above 0, at most `most`, a power of ten.
    case positive(atMost: Int)
    /// `30%`, from 0% to 100%.
    case percent
    /// A share or a number of devices: `5%`, `20`.
    case amount
    /// `true` or `false`.
    case truth
    /// `30s`, `15m`, `6h`.
    case duration
    /// Names of labels and their values.
    case labels
    /// The same, at least one.
    case someLabels
    /// Whatever is written there.
    case anything
    case list(ValueShape, isNeverEmpty: Bool = false)
    case either(ValueShape, ValueShape)
    case mapping(MappingShape)

    var schema: SchemaValue {
        switch self {
        case .words(let words): ["type": "string", "enum": .list(words.map { .text($0) })]
        case .text(let pattern):
            // An editor takes `0012` and `yes` for a number and a truth value.
            (["type": ["string", "number", "boolean"]] as SchemaValue).adding(
                pattern.map { ["pattern": .text($0)] } ?? ["minLength": 1])
        case .form(let pattern): ["type": "string", "pattern": .text(pattern)]
        case .digits(let count):
            [
                "anyOf": [
                    ["type": "string", "pattern": .text("^[0-9]{\(count.lowerBound),\(count.upperBound)}$")],
                    [
                        "type": "integer", "minimum": .number(Self.leastNumber(digits: count.lowerBound)),
                        "maximum": .number(Self.powerOfTen(count.upperBound) - 1),
                    ],
                ]
            ]
        case .objectIdentifier:
            [
                "anyOf": [
                    ["type": "string", "pattern": #"^[0-9]+(?:\.[0-9]+)+$"#, "maxLength": 200],
                    // 1.2 is a number to an editor.
                    ["type": "number", "minimum": 0, "not": ["type": "integer"]],
                ]
            ]
        case .whole(let range):
            [
                "anyOf": [
                    [
                        "type": "integer", "minimum": .number(Decimal(range.lowerBound)),
                        "maximum": .number(Decimal(range.upperBound)),
                    ],
                    ["type": "string", "pattern": .text("^\(Self.pattern(of: range))$")],
                ]
            ]
        case .positive(let most):
            [
                "anyOf": [
                    ["type": "number", "exclusiveMinimum": 0, "maximum": .number(Decimal(most))],
                    ["type": "string", "pattern": .text("^(?=.*[1-9])\(Self.decimalPattern(atMost: most))$")],
                ]
            ]
        case .percent: ["type": "string", "pattern": .text("^\(Self.percentPattern)$")]
        case .amount:
            [
                "anyOf": [
                    [
                        "type": "string",
                        "pattern": .text("^(?:\(Self.percentPattern)|\(Self.pattern(of: Self.counts)))$"),
                    ],
                    ["type": "integer", "minimum": 0, "maximum": .number(Decimal(Self.counts.upperBound))],
                ]
            ]
        case .truth: ["enum": [true, false, "true", "false"]]
        case .duration: ["type": "string", "pattern": #"^0*(?:[0-9]{1,9}(?:\.[0-9]*)?|\.[0-9]+)(?:ms|s|m|h|d)$"#]
        case .labels: ["type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]]]
        case .someLabels: Self.labels.schema.adding(["minProperties": 1])
        case .anything: [:]
        case .list(let element, let isNeverEmpty):
            (["type": "array", "items": element.schema] as SchemaValue).adding(isNeverEmpty ? ["minItems": 1] : [:])
        case .either(let one, let other): ["anyOf": [one.schema, other.schema]]
        case .mapping(let shape): shape.schema
        }
    }

    /// How many devices a policy may name.
    static let counts = 0...1_000_000_000

    private static let percentPattern = #"\s*"# + decimalPattern(atMost: 100) + #"\s*%"#

    /// Decimal numbers from 0 to a power of ten, with or without a fraction.
    private static func decimalPattern(atMost most: Int) -> String {
        let digits = String(most).count - 1
        return #"0*(?:[0-9]{1,\#(digits)}(?:\.[0-9]*)?|\.[0-9]+|\#(most)(?:\.0*)?)"#
    }

    /// The numbers of a range that begins with 0 or 1, in digits.
    private static func pattern(of range: ClosedRange<Int>) -> String {
        let end = String(range.upperBound).compactMap(\.wholeNumberValue)
        var forms = range.lowerBound == 0 ? ["0"] : []
        if end.count > 1 { forms.append("[1-9][0-9]{0,\(end.count - 2)}") }
        // As many digits as the end has: the same up to a place, less there, and anything behind it.
        for (place, digit) in end.enumerated() {
            let least = place == 0 ? 1 : 0
            guard digit > least else { continue }
            let same = end[..<place].map(String.init).joined()
            forms.append("\(same)[\(least)-\(digit - 1)][0-9]{\(end.count - place - 1)}")
        }
        forms.append(end.map(String.init).joined())
        return "0*(?:\(forms.joined(separator: "|")))"
    }

    private static func powerOfTen(_ exponent: Int) -> Decimal {
        (0..<exponent).reduce(Decimal(1)) { power, _ in power * 10 }
    }

    /// The least number that is written with so many digits; a single one may be 0.
    private static func leastNumber(digits: Int) -> Decimal { digits == 1 ? 0 : powerOfTen(digits - 1) }
}
