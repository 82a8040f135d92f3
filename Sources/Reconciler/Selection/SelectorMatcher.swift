import Foundation

/// A selector made ready for the tables of one fleet: names are compared once for each name, not for each device.
struct SelectorMatcher {
    private enum Check {
        case eid(EID)
        case eidPattern(SelectorPattern)
        case iccid(ICCID)
        case iccidPattern(SelectorPattern)
        /// By the numbers of accounts, profile sets and sets of labels.
        case account([Bool])
        case set([Bool])
        case labels([Bool])
        /// By the numbers of files, and by those of profile sets for the manifest that names a CSV.
        case file([Bool], sets: [Bool])
    }

    private let checks: [Check]

    /// The EID that a device must have; `nil` if it is not a certain one.
    let eid: EID?
    /// The same of the ICCID.
    let iccid: ICCID?

    init(_ terms: [DeviceSelector.Term], in fleet: DesiredFleet) {
        let checks = terms.map { Self.check($0, in: fleet) }
        self.checks = checks
        eid = checks.lazy.compactMap { if case .eid(let eid) = $0 { eid } else { nil } }.first
        iccid = checks.lazy.compactMap { if case .iccid(let iccid) = $0 { iccid } else { nil } }.first
    }

    /// - Parameter digits: room for the digits of an identifier.
    func matches(_ device: DesiredDevice, digits: inout [UInt8]) -> Bool {
        for check in checks {
            let holds: Bool
            switch check {
            case .eid(let eid): holds = device.key.eid == eid
            case .iccid(let iccid): holds = device.key.iccid == iccid
            case .account(let accounts): holds = accounts[Int(device.account)]
            case .set(let sets): holds = sets[Int(device.set)]
            case .labels(let labels): holds = labels[Int(device.labels)]
            case .file(let files, let sets): holds = files[Int(device.file)] || sets[Int(device.set)]
            case .eidPattern(let pattern):
                digits.removeAll(keepingCapacity: true)
                device.key.eid.appendDigits(to: &digits)
                holds = digits.withUnsafeBufferPointer { pattern.matches($0) }
            case .iccidPattern(let pattern):
                digits.removeAll(keepingCapacity: true)
                device.key.iccid.appendDigits(to: &digits)
                holds = digits.withUnsafeBufferPointer { pattern.matches($0) }
            }
            if !holds { return false }
        }
        return true
    }

    private static func check(_ term: DeviceSelector.Term, in fleet: DesiredFleet) -> Check {
        switch term {
        case .eid(let pattern): pattern.exact.flatMap { EID($0) }.map { .eid($0) } ?? .eidPattern(pattern)
        case .iccid(let pattern): pattern.exact.flatMap { ICCID($0) }.map { .iccid($0) } ?? .iccidPattern(pattern)
        case .account(let pattern): .account(fleet.accounts.map { pattern.matches($0.description) })
        case .set(let pattern): .set(fleet.sets.map { pattern.matches($0.name) })
        case .file(let pattern):
            .file(
                fleet.files.map { matches(pattern, file: $0) },
                sets: fleet.sets.map { set in set.place.map { matches(pattern, file: $0.file) } ?? false })
        case .label(let key, let value): .labels(fleet.labels.matching(key, value))
        }
    }

    /// A file is meant by its name as it was given, and by the end of its path from one folder on.
    private static func matches(_ pattern: SelectorPattern, file: String) -> Bool {
        if pattern.matches(file) { return true }
        let path = URL(fileURLWithPath: file).standardizedFileURL.path
        if pattern.matches(path) { return true }
        return path.indices.contains { path[$0] == "/" && pattern.matches(String(path[path.index(after: $0)...])) }
    }
}

extension LabelTable {
    /// Which of the label sets have a label whose key and value fit.
    ///
    /// - Parameter value: `nil` for any.
    func matching(_ key: SelectorPattern, _ value: SelectorPattern?) -> [Bool] {
        let keys = names.names.map { key.matches($0) }
        let values = value.map { value in names.names.map { value.matches($0) } }
        return (0..<count).map { number in
            set(UInt32(clamping: number)).contains { pair in
                keys[Int(pair.key)] && values?[Int(pair.value)] ?? true
            }
        }
    }
}
