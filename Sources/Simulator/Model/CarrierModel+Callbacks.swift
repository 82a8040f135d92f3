import Foundation

/// Callback registrations. Source: `thingspace.md`, section 5.
extension CarrierModel {
    static let serviceNames: Set<String> = [
        "DeviceProfileService", "CarrierService", "DeviceService", "DevicePRLInformation", "DeviceSuspensionStatus",
        "DeviceUsage", "DiagnosticsService", "EnhancedConnectivityService", "StateService", "AlertService",
        "ExternalProvisioningChanges", "ResumeTrackingNotification", "SubscriptionNotificationService", "PromoChanges",
        "NiddService", "SMSDeliveryConfirmation",
    ]
    static let profileService = "DeviceProfileService"

    mutating func register(account: String, body: [String: Any]?) -> Answer {
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
        guard registrations[account]?[name] == nil else {
            return .error("REQUEST_FAILED.CallbackAlreadyRegistered", "Deregister the service first.")
        }
        registrations[account, default: [:]][name] = Registration(url: text, username: username, password: password)
        return .ok(.object([("accountName", .string(account)), ("serviceName", .string(name))]))
    }

    func listRegistrations(account: String) -> Answer {
        guard accounts.contains(account) else {
            return .error("REQUEST_FAILED.AccountNotFound", "The account does not exist.")
        }
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

    mutating func deregister(account: String, service: String) -> Answer {
        guard registrations[account]?.removeValue(forKey: service) != nil else {
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
