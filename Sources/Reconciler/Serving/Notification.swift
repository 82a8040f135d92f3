/// Something that a person is to be told of.
public struct Notification: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Devices have failed for good.
        case failed
        /// A roll-out was given up.
        case aborted
        /// Something waits for a person: a large change, devices whose call may or may not have been taken.
        case held
        /// Nothing can be sent: sign-in, callbacks, the carrier's refusal.
        case stopped
        /// The manifests are broken; the fleet before stays in use.
        case manifests
    }

    public let kind: Kind
    public let profileSet: String?
    /// A sentence with what to do.
    public let text: String
    public let devices: Int
    public let commit: String?
    public let at: Timestamp

    public init(kind: Kind, profileSet: String?, text: String, devices: Int, commit: String?, at: Timestamp) {
        self.kind = kind
        self.profileSet = profileSet
        self.text = text
        self.devices = devices
        self.commit = commit
        self.at = at
    }
}
