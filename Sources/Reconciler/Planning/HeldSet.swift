/// A profile set that a person has paused, or whose rollout failures have stopped, with the devices that it had: they stay
/// held until a person lets go, whatever set names them by then.
struct HeldSet: Hashable, Sendable {
    let profileSet: String
    let cause: HeldDevices.Cause
    /// In their order.
    let members: ContiguousArray<DeviceKey>
}

/// Devices that are held although another profile set names them now than the one that is held.
public struct HeldDevices: Hashable, Sendable {
    /// Why they are held.
    public enum Cause: Hashable, Sendable {
        case paused(Pause)
        case aborted(RolloutRecord.Abort)
    }

    /// Where some of them are now.
    public struct Place: Hashable, Sendable {
        public let profileSet: String
        public let devices: Int
    }

    /// The set that named them when it was held.
    public let profileSet: String
    public let cause: Cause
    /// Whether the manifests do not name that set any more.
    public let isGone: Bool
    /// How many of them each profile set names now, in the order of the fleet.
    public let places: [Place]
    /// How many of them would be changed if they were not held.
    public let changes: Int

    public var devices: Int { places.reduce(0) { $0 + $1.devices } }
}

extension HeldDevices: CustomStringConvertible {
    public var description: String {
        let presence = isGone ? ", which the manifests do not name any more," : ""
        let what =
            switch cause {
            case .paused(let pause):
                "Profile set \(profileSet)\(presence) was paused by \(pause.by) at \(pause.at)"
                    + (pause.reason.isEmpty ? "." : ": \(pause.reason.capitalizedSentence)")
            case .aborted(let abort):
                "The rollout of profile set \(profileSet)\(presence) was stopped at \(abort.at): \(abort.reason)"
            }
        let (verb, pronoun) = devices == 1 ? ("is", "it") : ("are", "them")
        return "\(what) \(counted(devices, "device")) of it \(verb) in \(placeText) now: nothing is sent to \(pronoun) "
            + "before `profilectl resume --set \(profileSet)`."
    }

    private static let placesShown = 5

    private var placeText: String {
        let shown = places.prefix(Self.placesShown).map { "\($0.profileSet) (\($0.devices))" }
        let rest = places.count - Self.placesShown
        return (rest > 0 ? shown + ["\(rest) more sets"] : shown).joined(separator: ", ")
    }
}

/// Finds, while a plan goes through the fleet in the order of the keys, the devices that are held for a set that named them
/// before.
struct HeldDevicesFinder {
    private var cursors: [(set: String, rows: KeyCursor<DeviceKey>)]
    /// By the number of the held set: how many devices each set of the fleet names now.
    private var counts: [[Int]]
    private var changes: [Int]
    private let heldSets: [HeldSet]

    init(_ heldSets: [HeldSet], setCount: Int) {
        self.heldSets = heldSets
        cursors = heldSets.map { ($0.profileSet, KeyCursor($0.members)) }
        counts = Array(repeating: Array(repeating: 0, count: setCount), count: heldSets.count)
        changes = Array(repeating: 0, count: heldSets.count)
    }

    var isEmpty: Bool { heldSets.isEmpty }

    /// Counts a device that another set held before the one that names it now.
    ///
    /// - Parameters:
    ///   - set: the number and the name of the set that names it now.
    ///   - isChange: whether an action is planned for it.
    /// - Returns: whether it is held.
    mutating func note(_ key: DeviceKey, in set: (number: Int, name: String), isChange: Bool) -> Bool {
        var isHeld = false
        for index in cursors.indices where cursors[index].set != set.name {
            guard cursors[index].rows.row(of: key) != nil else { continue }
            counts[index][set.number] += 1
            if isChange, !isHeld { changes[index] += 1 }
            isHeld = true
        }
        return isHeld
    }

    /// What was found, without held sets all of whose devices are where they were.
    func found(in fleet: DesiredFleet) -> [HeldDevices] {
        let names = Set(fleet.sets.map(\.name))
        return heldSets.indices.compactMap { index in
            let places = fleet.sets.indices.filter { counts[index][$0] > 0 }.map {
                HeldDevices.Place(profileSet: fleet.sets[$0].name, devices: counts[index][$0])
            }
            guard !places.isEmpty else { return nil }
            return HeldDevices(
                profileSet: heldSets[index].profileSet, cause: heldSets[index].cause,
                isGone: !names.contains(heldSets[index].profileSet), places: places, changes: changes[index])
        }
    }
}
