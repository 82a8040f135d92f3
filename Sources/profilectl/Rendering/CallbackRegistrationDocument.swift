import Reconciler

/// A registration as JSON shows it.
struct CallbackRegistrationDocument: Encodable {
    let accountName: String
    let serviceName: String
    let url: String
    let username: String

    init(_ registration: CallbackRegistration) {
        accountName = registration.accountName.description
        serviceName = registration.serviceName
        url = registration.url
        username = registration.username
    }
}
