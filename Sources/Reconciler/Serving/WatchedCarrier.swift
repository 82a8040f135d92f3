import Logging

/// A carrier of which the board shows whether it can be reached and lets us in.
struct WatchedCarrier: Carrier {
    let carrier: any Carrier
    let board: ControllerBoard
    let clock: any WallClock
    var logger: Logger?

    func request(
        _ action: ProfileAction, for devices: [DeviceKey], account: AccountName, smsr: SmsrOid
    ) async -> RequestOutcome {
        let outcome = await carrier.request(action, for: devices, account: account, smsr: smsr)
        note(CarrierCondition.Sign(outcome))
        return outcome
    }

    func requestDeviceList(
        account: AccountName, profileStatusFilter: String?, devices: [DeviceKey]
    ) async -> RequestOutcome {
        let outcome = await carrier.requestDeviceList(
            account: account, profileStatusFilter: profileStatusFilter, devices: devices)
        note(CarrierCondition.Sign(outcome))
        return outcome
    }

    func devices(of account: AccountName, after last: UInt64) async throws(CarrierError) -> AccountDevicePage {
        try await noting { () throws(CarrierError) in try await carrier.devices(of: account, after: last) }
    }

    func requestStatus(of request: RequestID, account: AccountName) async throws(CarrierError) -> RequestStatus {
        try await noting { () throws(CarrierError) in
            try await carrier.requestStatus(of: request, account: account)
        }
    }

    func devices(
        of account: AccountName, after last: UInt64, limit: Int
    ) async throws(CarrierError) -> AccountDevicePage {
        try await noting { () throws(CarrierError) in
            try await carrier.devices(of: account, after: last, limit: limit)
        }
    }

    func device(_ iccid: ICCID) async throws(CarrierError) -> AccountDeviceRow? {
        try await noting { () throws(CarrierError) in try await carrier.device(iccid) }
    }

    func callbackRegistrations(of account: AccountName) async throws(CarrierError) -> [CallbackRegistration] {
        try await noting { () throws(CarrierError) in try await carrier.callbackRegistrations(of: account) }
    }

    func registerCallback(
        url: String, credentials: CallbackCredentials, for account: AccountName
    ) async throws(CarrierError) {
        try await noting { () throws(CarrierError) in
            try await carrier.registerCallback(url: url, credentials: credentials, for: account)
        }
    }

    func deregisterCallback(service: String, of account: AccountName) async throws(CarrierError) {
        try await noting { () throws(CarrierError) in
            try await carrier.deregisterCallback(service: service, of: account)
        }
    }

    private func noting<Result>(_ call: () async throws(CarrierError) -> Result) async throws(CarrierError) -> Result {
        do {
            let result = try await call()
            note(.answered)
            return result
        } catch {
            note(CarrierCondition.Sign(error))
            throw error
        }
    }

    private func note(_ sign: CarrierCondition.Sign) {
        // A call that we have cut off says nothing of the carrier.
        guard !Task.isCancelled else { return }
        let now = clock.now()
        // Nearly all calls show what is known.
        let before = board.current.carrier
        let after = before.after(sign, at: now)
        guard after != before else { return }
        board.update { $0.carrier = $0.carrier.after(sign, at: now) }
        log(after, following: before)
    }

    /// The first call that fails is in the log at once; an alert follows for what lasts.
    private func log(_ condition: CarrierCondition, following before: CarrierCondition) {
        switch (condition, before) {
        case (.unreachable, .unreachable), (.unusable, .unusable), (.noSignIn, .noSignIn): break
        case (.unreachable, _), (.unusable, _), (.noSignIn, _): logger?.warning("\(condition.problem ?? "")")
        case (.answers, .unreachable), (.answers, .unusable), (.answers, .noSignIn):
            logger?.notice("The carrier answers again.")
        default: break
        }
    }
}

extension CarrierCondition.Sign {
    fileprivate init(_ outcome: RequestOutcome) {
        self =
            switch outcome {
            case .accepted: .answered
            case .refused(let refusal): Self(CarrierError.refused(refusal))
            case .notSent(let problem), .outcomeUnknown(let problem): Self(CarrierError.transport(problem))
            case .signInRefused(let problem): Self(CarrierError.signInRefused(problem))
            }
    }

    fileprivate init(_ error: CarrierError) {
        switch error {
        case .refused(let refusal):
            switch refusal.classification {
            case .temporarilyUnavailable: self = .unreachable(refusal.description)
            case .notSignedIn: self = .noSignIn(refusal.description)
            default: self = .answered
            }
        case .transport(let problem):
            switch problem.kind {
            case .noAnswer, .tls: self = .unreachable(problem.description)
            case .unclear, .signInWaits: self = .unusable(problem.description)
            }
        case .signInRefused(let problem): self = .noSignIn(problem.description)
        }
    }
}
