import Foundation

/// Says why a selector names no device, and what was probably meant.
struct SelectionHints {
    let fleet: DesiredFleet

    /// With more names than this nobody looks for the nearest one.
    private static let nameLimit = 10_000

    /// One sentence for each selector.
    func error(of selectors: [DeviceSelector]) -> SelectionError {
        SelectionError(
            selectors.map { selector in
                let devices = fleet.devices.count == 1 ? "the only device" : "any of the \(fleet.devices.count) devices"
                let sentence = "`\(selector)` does not select \(devices)"
                return sentence + (hint(for: selector).map { "; \($0)" } ?? ".")
            }.joined(separator: "\n"))
    }

    private func hint(for selector: DeviceSelector) -> String? {
        let failing = selector.terms.filter { !selectsAny($0) }
        guard let term = failing.first else { return "each of its terms selects some, but no device has them all." }
        return hint(for: term)
    }

    private func selectsAny(_ term: DeviceSelector.Term) -> Bool {
        let matcher = SelectorMatcher([term], in: fleet)
        var digits: [UInt8] = []
        return fleet.devices.contains { matcher.matches($0, digits: &digits) }
    }

    private func hint(for term: DeviceSelector.Term) -> String? {
        switch term {
        case .eid(let pattern):
            guard let eid = pattern.exact.flatMap({ EID($0) }) else { return nil }
            if eid.digitCount < EID.maximumDigits { return "it has \(eid.digitCount) digits, and an EID has 32." }
            return eid.hasValidCheckDigits ? nil : "its check digits do not fit, is it mistyped?"
        case .iccid(let pattern):
            guard let iccid = pattern.exact.flatMap({ ICCID($0) }) else { return nil }
            return iccid.hasValidCheckDigit ? nil : "its check digit does not fit, is it mistyped?"
        case .account(let pattern): return nearest(pattern, "account", among: fleet.accounts.map(\.description))
        case .set(let pattern): return nearest(pattern, "set", among: fleet.sets.map(\.name))
        case .file(let pattern):
            let files = fleet.files + fleet.sets.compactMap(\.place?.file)
            return nearest(pattern, "file", among: files + files.map { FilePath.name(of: $0) })
        case .label(let key, let value): return hint(forLabel: key, value)
        }
    }

    private func hint(forLabel key: SelectorPattern, _ value: SelectorPattern?) -> String? {
        let table = fleet.labels
        let sets = (0..<table.count).lazy.map { table.set(UInt32(clamping: $0)) }
        let names = table.names.names
        let keys = Set(sets.joined().map(\.key))
        guard keys.contains(where: { key.matches(names[Int($0)]) }) else {
            return nearest(key, "label", among: keys.map { names[Int($0)] })
        }
        guard let key = key.exact, let value else { return nil }
        let values = Set(sets.joined().filter { names[Int($0.key)] == key }.map(\.value))
        return nearest(value, "label:\(key)=", among: values.map { names[Int($0)] })
    }

    private func nearest(_ pattern: SelectorPattern, _ kind: String, among names: [String]) -> String? {
        guard let typed = pattern.exact, names.count <= Self.nameLimit,
            let word = NearestWord.to(typed, among: names.filter { $0 != typed }.sorted())
        else { return nil }
        let prefix = kind.hasSuffix("=") ? kind : kind + ":"
        return "did you mean `\(prefix)\(word)`?"
    }
}
