@testable import Reconciler

/// What `plan --format json` prints, as a reader sees it.
struct PlanDocument: Decodable, Sendable {
    struct Action: Decodable, Sendable {
        let eid: String
        let iccid: String
        let accountName: String
        let smsrOid: String
        let action: ProfileAction
        let desired: DesiredState
        /// The folded known state; missing if the device was never seen.
        let known: String?
        /// The version of the device's record that this was computed from, 0 if there was none.
        let version: Int64
        let attempt: Int
        /// Whether the device was never seen, so that it is looked up first.
        let unverified: Bool
        let drift: Bool
    }

    struct Exception: Decodable, Sendable {
        let eid: String
        let iccid: String
        let accountName: String
        let desired: DesiredState
        let known: String?
        /// blocked, in progress, held, waiting, failed
        let reason: String
        let explanation: String
    }

    struct Unmanaged: Decodable, Sendable {
        let eid: String
        let iccid: String
    }

    struct Account: Decodable, Sendable {
        let accountName: String
        let actions: [String: Int]
        let labels: [String: [String: Int]]
    }

    struct Window: Decodable, Sendable {
        let profileSet: String
        let open: Bool
        let opensAt: String?
        let closesAt: String?
    }

    struct Summary: Decodable, Sendable {
        /// How many devices the YAML names.
        let devices: Int
        let converged: Int
        /// How many actions of each kind.
        let actions: [String: Int]
        let unverified: Int
        let drift: Int
        /// How many devices are left out, by reason.
        let exceptions: [String: Int]
        let unmanaged: Int
        let accounts: [Account]
        /// Sets that would change more than their `maxChange` allows, as sentences.
        let largeChanges: [String]
        /// The maintenance windows of each set that has some.
        let windows: [Window]
    }

    let formatVersion: Int
    let createdAt: String
    let summary: Summary
    let actions: [Action]
    let exceptions: [Exception]
    let unmanaged: [Unmanaged]
}
