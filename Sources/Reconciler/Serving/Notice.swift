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
        /// Profile sets are gone from the manifests, or have lost all or many of their devices.
        case shrunk
        /// The branch of the manifests was written anew.
        case rewritten

        /// Whether it is about a number of devices, and is news when that grows.
        var isCounted: Bool {
            switch self {
            case .failed, .held, .drift: true
            case .aborted, .stopped, .manifests, .shrunk, .rewritten: false
            }
        }

        /// Whether it is about what people have written, so that a change is worth telling at once.
        var isOfManifests: Bool {
            switch self {
            case .manifests, .shrunk, .rewritten: true
            case .failed, .aborted, .held, .stopped, .drift: false
            }
        }
    }

    /// What it is about.
    struct Identity: Hashable, Sendable {
        let kind: Kind
        /// Tells it from other subjects of the same kind.
        let subject: String
    }

    let identity: Identity
    public var kind: Kind { identity.kind }
    public let profileSet: String?
    /// A sentence with what to do.
    public let text: String
    public let devices: Int
    public let commit: String?
    public let at: Timestamp
    /// What is the matter with the subject, in words that stay the same for as long as the same is the matter, whatever
    /// the text says of times and numbers.
    let condition: String

    init(
        _ identity: Identity, condition: String = "", profileSet: String? = nil, text: String, devices: Int = 0,
        commit: String?, at: Timestamp
    ) {
        self.identity = identity
        self.condition = condition
        self.profileSet = profileSet
        self.text = text
        self.devices = devices
        self.commit = commit
        self.at = at
    }
}
