/// What a carrier that behaves badly answers to actions.
extension CarrierModel {
    /// Devices in one request, at most.
    var largestBatch: Int {
        if behaves(.batchLimit1) { return 1 }
        return min(options.maximumDevicesPerRequest, behaves(.batchLimit10) ? 10 : .max)
    }

    /// `nil` if nothing about the account stands against an action.
    mutating func refusalOfAccount(_ account: String) -> Answer? {
        if behaves(.actionsOnHold),
            occurs(.actionsOnHold, at: account, limit: options.carrierFaultSettings.callsOnHold)
        {
            return .error("REQUEST_ONHOLD.AccountOnHold", "The account is on hold. Try again later.")
        }
        if behaves(.ratePlanFull) {
            count(.ratePlanFull)
            return .error("REQUEST_FAILED.RatePlanFull", "The rate plan takes no more devices.")
        }
        return nil
    }

    /// The refusal of a device that is active, the first time that a request gets as far as this device.
    mutating func refusalOnce(of index: Int) -> Answer? {
        let device = devices[index]
        guard behaves(.deviceStateInvalidOnce, to: index),
            firstOfAccount.contains(index) || chance.share("device state", device.iccid) < 0.25,
            occurs(.deviceStateInvalidOnce, at: device.iccid, limit: 1)
        else { return nil }
        return .error(
            "INPUT_INVALID.DeviceState.Invalid", "The device \(device.eid)/\(device.iccid) is not active.")
    }

    /// What stands beside the requestId in the answer to an action.
    mutating func membersBesideRequestID() -> [(String, JSON)] {
        switch behavior(among: [.acceptedWithErrorZero, .acceptedWithNullError, .acceptedWithEmptyError]) {
        case .acceptedWithErrorZero?:
            count(.acceptedWithErrorZero)
            return [("errorCode", .string("0"))]
        case .acceptedWithNullError?:
            count(.acceptedWithNullError)
            return [("errorCode", .null), ("errorMessage", .null)]
        case .acceptedWithEmptyError?:
            count(.acceptedWithEmptyError)
            return [("errorCode", .string("")), ("errorMessage", .string(""))]
        default:
            return []
        }
    }

    /// Whether this attempt of the device fails, with a message that comes before the answer.
    mutating func failsBeforeAnswer(_ index: Int) -> Bool {
        behaves(.failureBeforeAnswer, to: index)
            && occurs(
                .failureBeforeAnswer, at: devices[index].iccid,
                limit: options.carrierFaultSettings.failuresBeforeAnswer)
    }

    /// What comes about a device while an action is under way, under requests that nobody here has made.
    func messagesMeanwhile(
        _ action: ProfileActionName, of index: Int, from start: Double, to end: Double
    ) -> [Job] {
        let candidates: [(CarrierBehavior, UnsolicitedMessage)] = [
            (.foreignFailures, .failure(action)), (.foreignWarnings, .warning), (.otherProfileMessages, .otherProfile),
        ]
        return candidates.filter { behaves($0.0, to: index) }.map { _, message in
            Job(
                kind: .unsolicited(message, device: index), requestID: nextGUID(), due: start + (end - start) / 2)
        }
    }
}
