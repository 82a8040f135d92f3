import Reconciler

/// The fleet in numbers, as text.
struct FleetStatusText {
    let status: FleetStatus
    let style: Style

    func lines() -> [String] {
        let devices = style.bold(counted(status.devices, "device"))
        var lines = [status.ofDevices.map { "\(devices) of \($0) known ones selected" } ?? devices + " known"]
        lines += table("Profiles", status.profiles)
        lines += table("Operations that are open or failed", status.operations)
        lines += table("Callbacks", status.callbacks)
        lines += table("Callbacks refused", status.counters.mapValues { Int($0) })
        lines += table("Roll-outs under way", status.rollouts)
        lines += table("Paused", status.pauses)
        for signIn in status.signIns {
            lines.append(
                style.red("Sign-in refused") + " \(counted(signIn.refusals, "time")) in a row (\(signIn.credential)), "
                    + "last at \(signIn.at). After 2 nothing is tried any more: correct the secret, or use "
                    + "`apply --retry-sign-in` if it is right.")
        }
        if let run = status.run { lines.append("Acting on this store now: \(run)") }
        return lines
    }

    private func table(_ title: String, _ rows: [String: some CustomStringConvertible]) -> [String] {
        guard !rows.isEmpty else { return [] }
        return [style.bold(title)]
            + rows.sorted { $0.key < $1.key }.map { "  \($0.key.padded(to: 28)) \($0.value)" }
    }
}

/// The devices of one eUICC with their timelines, as text.
struct DeviceStatusText {
    let devices: [DeviceStatus]
    let style: Style

    func lines() -> [String] {
        devices.flatMap { device -> [String] in
            var lines = [style.bold("\(device.eid)/\(device.iccid)") + "  account \(device.accountName)"]
            let status = device.profileStatus.map { " (\($0))" } ?? ""
            let learnt = device.observedAt.map { ", learnt at \($0) by \(device.source ?? "?")" } ?? ""
            lines.append("  profile    \(device.profile ?? "never seen")\(status)\(learnt)")
            lines.append("  service    \(device.service)")
            if let imei = device.imei { lines.append("  IMEI       \(imei)") }
            if let operation = device.operation { lines.append("  operation  \(operation)") }
            if !device.timeline.isEmpty { lines.append(style.bold("  timeline")) }
            lines += device.timeline.map { "    \($0.at)  \($0.event.padded(to: 16)) \($0.detail)" }
            if !device.callbacks.isEmpty { lines.append(style.bold("  callbacks")) }
            for callback in device.callbacks {
                lines.append(
                    "    \(callback.receivedAt)  \(callback.verdict), delivered \(counted(callback.deliveries, "time"))"
                )
                lines.append(style.dim("      \(callback.text)"))
            }
            return lines
        }
    }
}
