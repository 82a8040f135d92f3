@testable import Reconciler

/// Goes through the keys of a shape, and writes documents that hold one of them with any value.
struct ShapeWalk {
    /// A key, with the keys of the mappings around it; `[]` stands for an entry of a list.
    struct Place: CustomStringConvertible {
        let keys: [String]
        /// What stands there.
        var value: ValueShape?
        var description: String { keys.joined(separator: ".") }
    }

    let shape: MappingShape
    /// Written at the top of documents whose first key is the one that it stands under.
    var companions: [String: String] = [:]

    /// All keys, those of mappings within mappings too.
    var places: [Place] { Self.places(in: shape, below: []) }

    /// All mappings, the top one first.
    var mappings: [(place: Place, shape: MappingShape)] {
        [(Place(keys: []), shape)] + Self.mappings(in: shape, below: [])
    }

    /// A document with this value under a key, and around it only what has to be there.
    func document(_ place: Place, _ value: String) -> String {
        let text = Self.text(of: shape, place.keys[...], value)
        guard let companion = place.keys.first.flatMap({ companions[$0] }) else { return text }
        return "{\(companion), " + text.dropFirst()
    }

    private static func places(in shape: MappingShape, below keys: [String]) -> [Place] {
        shape.members.flatMap { places(of: $0.value, at: keys + [$0.key]) }
    }

    private static func places(of value: ValueShape, at keys: [String]) -> [Place] {
        let own = [Place(keys: keys, value: value)]
        switch value {
        case .mapping(let inner): return own + places(in: inner, below: keys)
        case .list(let element, _): return own + places(of: element, at: keys + ["[]"])
        case .either(_, let inner): return own + places(of: inner, at: keys).dropFirst()
        case .labels, .someLabels: return own + [Place(keys: keys + ["any"], value: .text())]
        default: return own
        }
    }

    private static func mappings(
        in shape: MappingShape, below keys: [String]
    ) -> [(place: Place, shape: MappingShape)] {
        shape.members.flatMap { member -> [(place: Place, shape: MappingShape)] in
            switch member.value {
            case .mapping(let inner):
                let own = keys + [member.key]
                return [(Place(keys: own), inner)] + mappings(in: inner, below: own)
            case .list(.mapping(let inner), _), .list(.either(_, .mapping(let inner)), _):
                let own = keys + [member.key, "[]"]
                return [(Place(keys: own), inner)] + mappings(in: inner, below: own)
            default: return []
            }
        }
    }

    private static func text(of shape: MappingShape, _ keys: ArraySlice<String>, _ value: String) -> String {
        var companions: [String] = []
        if let key = keys.first, shape.together.contains(key) { companions = shape.together }
        if let key = keys.first, let one = shape.someOf.first, !shape.someOf.contains(key), companions.isEmpty {
            companions = [one]
        }
        var members = shape.members.filter { member in
            member.key != keys.first && (member.isRequired || companions.contains(member.key))
        }.map { member in
            let example = member.isRequired ? nil : member.examples.first.flatMap { try? $0.document() }
            return "\(member.key): \(example ?? sample(of: member.value))"
        }
        if let key = keys.first {
            let inner = shape.members.first { $0.key == key }?.value
            members.append("\(key): \(text(of: inner, keys.dropFirst(), value))")
        }
        return "{\(members.joined(separator: ", "))}"
    }

    private static func text(of shape: ValueShape?, _ keys: ArraySlice<String>, _ value: String) -> String {
        guard let key = keys.first else { return value }
        switch shape {
        case .mapping(let inner): return text(of: inner, keys, value)
        case .either(_, let inner): return text(of: inner, keys, value)
        case .list(let element, _): return "[\(text(of: element, keys.dropFirst(), value))]"
        default: return "{\(key): \(value)}"
        }
    }

    private static func sample(of shape: ValueShape) -> String {
        switch shape {
        case .words(let words): words.first ?? ""
        case .text, .form: "a"
        case .digits(let count): String(repeating: "8", count: count.upperBound)
        case .objectIdentifier: "1.2.3"
        case .whole, .positive: "1"
        case .percent, .amount: "5%"
        case .truth: "true"
        case .duration: "30s"
        case .labels, .someLabels: "{a: b}"
        case .anything: "1"
        case .either(let one, _): sample(of: one)
        case .list(let element, _): "[\(sample(of: element))]"
        case .mapping(let inner): text(of: inner, [], "")
        }
    }
}
