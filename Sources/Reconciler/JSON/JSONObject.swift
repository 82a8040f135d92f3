/// The members of an object in the order of their names; of a name that comes twice the last one counts.
///
/// An array, because messages have few members, which are found sooner by looking at each than by hashing.
struct JSONObject: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        let name: String
        let value: JSONValue
    }

    private(set) var members: [Member]

    /// - Parameter members: in any order.
    init(_ members: [Member]) {
        let isOrdered = zip(members, members.dropFirst()).allSatisfy { $0.name < $1.name }
        if isOrdered {
            self.members = members
            return
        }
        self.members = []
        self.members.reserveCapacity(members.count)
        for (_, member) in members.enumerated().sorted(by: {
            ($0.element.name, $0.offset) < ($1.element.name, $1.offset)
        }) {
            if self.members.last?.name == member.name { self.members.removeLast() }
            self.members.append(member)
        }
    }

    /// The member whose name is this; if there is none, the first whose name is this but for the case of ASCII letters.
    subscript(name: String) -> JSONValue? {
        (members.first { $0.name == name } ?? members.first { $0.name.isEqualIgnoringCase(to: name) })?.value
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { Member(name: $0.0, value: $0.1) })
    }
}

extension String {
    /// Whether this is `other` but for the case of ASCII letters.
    func isEqualIgnoringCase(to other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).allSatisfy { left, right in
            left == right || (left ^ right == 0x20 && 0x61...0x7A ~= left | 0x20)
        }
    }
}
