/// A plan as JSON: what `plan --format json` prints.
public struct PlanDocument: Codable, Sendable {
    public struct Action: Codable, Sendable {
        public let eid: String
        public let iccid: String
        public let accountName: String
        public let smsrOid: String
        public let action: ProfileAction
        public let desired: DesiredState
        /// The folded known state; missing if the device was never seen.
        public let known: String?
        /// The version of the device's record that this was computed from, 0 if there was none.
        public let version: Int64
        public let attempt: Int
        /// Whether the device was never seen, so that it is looked up first.
        public let unverified: Bool
        public let drift: Bool
    }

    public struct Exception: Codable, Sendable {
        public let eid: String
        public let iccid: String
        public let accountName: String
        public let desired: DesiredState
        public let known: String?
        /// blocked, in progress, held, waiting, failed
        public let reason: String
        public let explanation: String
    }

    public struct Unmanaged: Codable, Sendable {
        public let eid: String
        public let iccid: String
    }

    public struct Summary: Codable, Sendable {
        /// How many devices the YAML names.
        public let devices: Int
        public let converged: Int
        /// How many actions of each kind.
        public let actions: [String: Int]
        public let unverified: Int
        public let drift: Int
        /// How many devices are left out, by reason.
        public let exceptions: [String: Int]
        public let unmanaged: Int
        /// Sets that would change more than their `maxChange` allows, as sentences.
        public let largeChanges: [String]
    }

    public let formatVersion: Int
    public let createdAt: String
    public let summary: Summary
    public let actions: [Action]
    public let exceptions: [Exception]
    public let unmanaged: [Unmanaged]

    /// The version of this form; it rises when a reader would misunderstand a newer one.
    public static let currentFormatVersion = 1

    public init(_ plan: Plan) {
        formatVersion = Self.currentFormatVersion
        createdAt = plan.createdAt.description
        summary = Summary(
            devices: plan.desiredCount, converged: plan.convergedCount,
            actions: Dictionary(uniqueKeysWithValues: plan.actionCounts.map { ($0.key.rawValue, $0.value) }),
            unverified: plan.unverifiedCount, drift: plan.driftCount, exceptions: plan.exceptionCounts,
            unmanaged: plan.unmanaged.count, largeChanges: plan.largeChanges.map(\.description))
        actions = plan.actions.map { action in
            Action(
                eid: action.key.eid.description, iccid: action.key.iccid.description,
                accountName: action.account.description, smsrOid: action.smsr.description, action: action.action,
                desired: action.desired, known: action.known?.name, version: action.version, attempt: action.attempt,
                unverified: action.isUnverified, drift: action.isDrift)
        }
        exceptions = plan.exceptions.map { exception in
            Exception(
                eid: exception.key.eid.description, iccid: exception.key.iccid.description,
                accountName: exception.account.description, desired: exception.desired, known: exception.known?.name,
                reason: exception.reason.name, explanation: exception.reason.explanation)
        }
        unmanaged = plan.unmanaged.map { Unmanaged(eid: $0.eid.description, iccid: $0.iccid.description) }
    }
}
