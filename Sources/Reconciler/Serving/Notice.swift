/// Something that a person is to be told of.
public struct Notice: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Devices have failed for good.
        case failed
        /// A roll-out was given up.
        case aborted
        /// Something waits for a person: a large change, devices whose call may or may not have been taken.
        case held
        /// Nothing can be sent: sign-in, callbacks, the carrier's refusal.
        case stopped
        /// Devices moved away from what they had reached.
        case drift
        /// The manifests are broken; the fleet before stays in use.
        case manifests

        /// Whether it is about a number of devices, and is news when that grows.
        var isCounted: Bool {
            switch self {
            case .failed, .held, .drift: true
            case .aborted, .stopped, .manifests: false
            }
        }
    }

    public let kind: Kind
    public let profileSet: String?
    /// A sentence with what to do.
    public let text: String
    public let devices: Int
    public let commit: String?
    public let at: Timestamp
    /// Tells what it is about from other subjects of the same kind.
    let subject: String

    public init(
        kind: Kind, profileSet: String?, text: String, devices: Int, commit: String?, at: Timestamp,
        subject: String = ""
    ) {
        self.subject = subject
        self.kind = kind
        self.profileSet = profileSet
        self.text = text
        self.devices = devices
        self.commit = commit
        self.at = at
    }
}
