/// A profile set of which a larger share would change than its `rollout.maxChange` allows.
public struct LargeChange: Hashable, Sendable, CustomStringConvertible {
    public let profileSet: String
    /// How many devices, whose profile is known to be there, would change.
    public let changes: Int
    /// How many devices of the set have a profile that is known to be there.
    public let present: Int
    /// The limit in per cent.
    public let limit: Double

    public var description: String {
        let share = Double(changes) * 100 / Double(max(present, 1))
        return "Profile set \(profileSet): \(changes) of the \(present) devices whose profile is known to be there "
            + "would change (\(Int(share.rounded())) %), and its maxChange is \(Self.plain(limit)) %. "
            + "Look at the plan again; if it is meant, use `profilectl apply --allow-large-change`."
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(number)
    }

    /// A set with fewer devices than this is too small for a share to say anything; only what has drifted in it counts,
    /// together with what has drifted in all other sets that are as small, or in all sets if those are too few as well. In a
    /// fleet that has fewer devices itself, only that several profiles are gone counts.
    static let smallestSet = 10
}
