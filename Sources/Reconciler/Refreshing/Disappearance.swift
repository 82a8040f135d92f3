/// How many of the devices that are known would vanish if a list were believed: pure.
struct Disappearance: Hashable, Sendable {
    /// Devices whose state is known.
    let known: Int
    /// Those of them that the list does not name, or of which it does not tell what is known.
    let vanishing: Int
    /// In per cent of the known ones.
    let maxChange: Double

    /// Whether so few vanish that the devices, and not the list, are at fault.
    var isBelievable: Bool {
        guard vanishing > 0 else { return true }
        guard vanishing < known else { return false }
        return vanishing < 2 || Double(vanishing) * 100 <= maxChange * Double(known)
    }

    /// What is wrong, and what a person can do about it.
    var problem: String {
        "By the lists \(vanishing) of \(known) devices that are known would be gone from the account, which is not "
            + "believed: none is marked as gone. If it is so, accept it with `profilectl refresh --allow-large-change`."
    }
}
