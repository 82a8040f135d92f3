import Foundation

/// Callback registrations. Source: `thingspace.md`, section 5.
extension CarrierModel {
    static let serviceNames: Set<String> = [
        "DeviceProfileService", "CarrierService", "DeviceService", "DevicePRLInformation", "DeviceSuspensionStatus",
        "DeviceUsage", "DiagnosticsService", "EnhancedConnectivityService", "StateService", "AlertService",
        "ExternalProvisioningChanges", "ResumeTrackingNotification", "SubscriptionNotificationService", "PromoChanges",
        "NiddService", "SMSDeliveryConfirmation", "AlertsService", "IntelligenceService", "NetworkEventService",
        "PwnService", "QoS",
    ]
    static let profileService = "DeviceProfileService"

    /// The registration of an account's service, unless the carrier has forgotten it by now.
    mutating func registration(_ account: String, _ service: String, now: Double) -> Registration? {
        guard let registration = registrations[account]?[service] else { return nil }
        guard registration.endsAt <= now else { return registration }
        registrations[account]?[service] = nil
        count(.registrationLost)
        return nil
    }

    mutating func register(account: String, body: [String: Any]?, now: Double) -> (Answer, [Job]) {
        let answer = register(account, body, now: now)
        guard answer.status == 200, body?["name"] as? String == Self.profileService else { return (answer, []) }
        return (answer, messagesAfterRegistration(of: account, now: now))
    }

    private mutating func register(_ account: String, _ body: [String: Any]?, now: Double) -> Answer {
        guard accounts.contains(account) else {
            return .error("REQUEST_FAILED.AccountNotFound", "The account does not exist.")
        }
        guard let name = body?["name"] as? String, Self.serviceNames.contains(name),
            let text = body?["url"] as? String, let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), url.host != nil
        else {
            return .error("INPUT_INVALID.Callback.Invalid", "name and url are required.")
        }
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        guard options.allowsAnyCallbackPort || SimulatorOptions.callbackPorts.contains(where: { $0.contains(port) })
        else {
            return .error("INPUT_INVALID.Callback.Url", "The port \(port) is not allowed for callbacks.")
        }
        let username = body?["username"] as? String ?? ""
        let password = body?["password"] as? String ?? ""
        guard username.count <= 40, password.count <= 40 else {
            return .error("INPUT_INVALID.Callback.Credentials", "username and password have at most 40 characters.")
        }
        guard username != options.username, password != options.password else {
            return .error(
                "INPUT_INVALID.Callback.Credentials", "username and password must not be those of the UWS account.")
        }
        guard registration(account, name, now: now) == nil else {
            return .error("REQUEST_FAILED.CallbackAlreadyRegistered", "Deregister the service first.")
        }
        var registration = Registration(url: text, username: username, password: password)
        let settings = options.carrierFaultSettings
        if behaves(.registrationLost), name == Self.profileService,
            memory.occurrences["registration \(account)", default: 0] < settings.registrationLosses
        {
            memory.occurrences["registration \(account)", default: 0] += 1
            registration.endsAt = now + settings.registrationLife
        }
        registrations[account, default: [:]][name] = registration
        return .ok(.object([("accountName", .string(account)), ("serviceName", .string(name))]))
    }

    mutating func listRegistrations(account: String, now: Double) -> Answer {
        guard accounts.contains(account) else {
            return .error("REQUEST_FAILED.AccountNotFound", "The account does not exist.")
        }
        _ = registration(account, Self.profileService, now: now)
        // The carrier shows the password in clear.
        return .ok(
            .array(
                registrations[account, default: [:]].sorted { $0.key < $1.key }.map { name, registration in
                    .object([
                        ("accountName", .string(account)), ("serviceName", .string(name)),
                        ("url", .string(registration.url)), ("username", .string(registration.username)),
                        ("password", .string(registration.password)),
                    ])
                }))
    }

    mutating func deregister(account: String, service: String, now: Double) -> Answer {
        guard registration(account, service, now: now) != nil,
            registrations[account]?.removeValue(forKey: service) != nil
        else {
            return .error("REQUEST_FAILED.CallbackNotRegistered", "The service is not registered.")
        }
        return .ok(.object([("accountName", .string(account)), ("serviceName", .string(service))]))
    }

    /// The body of one delivery of a message.
    func body(of message: Message, to registration: Registration, password: String, delivery: Int) -> String {
        JSON.object(
            [
                ("username", .string(registration.username)), ("password", .string(password)),
                ("requestId", .string(message.requestID)),
            ] + message.members + [
                ("callbackCount", .number(delivery)), ("maxCallbackThreshold", .number(options.maxCallbackThreshold)),
            ]
        ).text
    }
}
