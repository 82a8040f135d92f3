/// What the reconciler asks of the carrier.
public protocol Carrier: Sendable {
    /// Asks for an action on up to 200 devices of one account and one SM-SR. Their callbacks tell the outcomes.
    func request(
        _ action: ProfileAction, for devices: [DeviceKey], account: AccountName, smsr: SmsrOid
    ) async -> RequestOutcome

    /// Asks for the records of up to 50 devices; the answer comes by callback (v2 device list).
    func requestDeviceList(
        account: AccountName, profileStatusFilter: String?, devices: [DeviceKey]
    ) async -> RequestOutcome

    /// A page of an account's devices (v1 device list), in the order of the carrier's numbers for them.
    /// - Parameter last: what the page before gave as `next`; 0 for the first page.
    func devices(of account: AccountName, after last: UInt64) async throws(CarrierError) -> AccountDevicePage

    /// How far a request has come (v2 request status), as a hint.
    func requestStatus(of request: RequestID, account: AccountName) async throws(CarrierError) -> RequestStatus

    /// The same with at most `limit` devices on the page.
    func devices(
        of account: AccountName, after last: UInt64, limit: Int
    ) async throws(CarrierError) -> AccountDevicePage

    /// The carrier's record of one device (v1 device list).
    /// - Returns: `nil` if the carrier says that it has no such device.
    func device(_ iccid: ICCID) async throws(CarrierError) -> AccountDeviceRow?

    /// The endpoints that the carrier calls for an account.
    func callbackRegistrations(of account: AccountName) async throws(CarrierError) -> [CallbackRegistration]

    /// Registers an endpoint for the profile callbacks of an account.
    func registerCallback(
        url: String, credentials: CallbackCredentials, for account: AccountName
    ) async throws(CarrierError)

    /// Ends the registration of a service's endpoint for an account.
    func deregisterCallback(service: String, of account: AccountName) async throws(CarrierError)
}

extension Carrier {
    public func requestStatus(
        of request: RequestID, account: AccountName
    ) async throws(CarrierError) -> RequestStatus { .notOffered }

    /// For carriers whose pages have one size.
    public func devices(
        of account: AccountName, after last: UInt64, limit: Int
    ) async throws(CarrierError) -> AccountDevicePage {
        try await devices(of: account, after: last)
    }
}

/// How a POST that changes something ended.
public enum RequestOutcome: Sendable {
    case accepted(RequestID)
    /// The carrier said no, which proves that it took nothing.
    case refused(CarrierRefusal)
    /// The call provably never reached the carrier.
    case notSent(TransportProblem)
    /// The call left, and no answer proves anything.
    case outcomeUnknown(TransportProblem)
    /// The carrier refused the credentials. Never retried on its own: five refusals lock the contact.
    case signInRefused(SignInProblem)
}

/// A no of the carrier's.
public struct CarrierRefusal: Hashable, Sendable, CustomStringConvertible {
    public enum Classification: Hashable, Sendable {
        case badDevice
        case deviceNotActive
        case tooLarge
        case accountOrConfiguration
        /// The account waits for something that passes: nothing is wrong with the request.
        case onHold
        /// A code that is documented nowhere. It says nothing of a device, and nothing of what the account may do.
        case unknown
        /// The tokens of the sign-in had ended, and those that replaced them had as well.
        case notSignedIn
        case alreadyDone
        case invalidRequest
        case unexpected
        case throttled(retryAfter: Duration?)
        case temporarilyUnavailable(retryAfter: Duration?)
    }

    public let classification: Classification
    public let code: CarrierErrorCode?
    /// The carrier's own words.
    public let message: String
    /// What happened and what to do.
    public let explanation: String
    /// Whether nothing is there under the path that was called.
    var isOfUnknownPath = false

    public var description: String {
        let words = [code?.text, message.isEmpty ? nil : message].compactMap { $0 }.joined(separator: ": ")
        return words.isEmpty ? explanation : "\(explanation) (The carrier says: \(words))"
    }

    /// The failure of an operation of one device that was refused so.
    var operationFailure: OperationFailure {
        code?.failure(carrierText: message)
            ?? OperationFailure(
                code: nil, carrierText: message.isEmpty ? "refused" : message, explanation: explanation, remedy: .person
            )
    }
}

/// What went wrong between us and the carrier, as a sentence.
public struct TransportProblem: Hashable, Sendable, CustomStringConvertible {
    enum Kind: Hashable, Sendable {
        /// Nobody was reached, or has answered.
        case noAnswer
        /// Whoever was reached could not prove to be the carrier.
        case tls
        /// There was an answer, and it is not one that is documented.
        case unclear
        /// A sign-in has come to nothing, and the next one is not made yet: the same call ends in the same way.
        case signInWaits
    }

    public let description: String
    var kind = Kind.noAnswer
}

/// Why nobody can be signed in, as a sentence with what to do.
public struct SignInProblem: Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// A call to the carrier that did not work, as a sentence.
public enum CarrierError: Error, Sendable, CustomStringConvertible {
    case refused(CarrierRefusal)
    case transport(TransportProblem)
    case signInRefused(SignInProblem)

    public var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .transport(let problem): problem.description
        case .signInRefused(let problem): problem.description
        }
    }
}

/// One registered callback endpoint. The password that the carrier shows beside it cannot be printed.
public struct CallbackRegistration: Sendable {
    public let accountName: AccountName
    public let serviceName: String
    /// To be compared.
    let address: CallbackURL
    /// The user name that its calls bear; empty for none.
    public let username: String
    /// What its calls bear; `nil` if the carrier does not show the password.
    let credentials: CallbackCredentials?

    /// Whether its calls bear these credentials; `nil` if the carrier does not show that.
    func bears(_ expected: CallbackCredentials) -> Bool? {
        if let credentials { return credentials.areSame(as: expected) }
        return username == expected.username ? nil : false
    }

    /// To be shown.
    public var url: String { address.description }

    /// Whether it is the one that tells the outcomes of profile actions.
    public var isProfileService: Bool { serviceName.lowercased() == Self.profileService.lowercased() }

    /// The service that profile callbacks come from (`thingspace.md`, section 5.1).
    public static let profileService = "DeviceProfileService"
}
