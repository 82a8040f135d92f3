import Reconciler

/// The devices of one eUICC with their timelines, as text.
struct DeviceStatusText {
    let devices: [DeviceStatus]
    let style: Style
    /// Whether the carrier's messages are shown at full length.
    var isRaw = false

    /// How much of a message is shown unless all of it is asked for.
    private static let excerptLength = 160

    func lines() -> [DisplayText] {
        devices.flatMap { device -> [DisplayText] in
            var lines = [style.bold("\(device.eid)/\(device.iccid)") + "  account \(device.accountName)"]
            let status: DisplayText = device.profileStatus.map { " (\($0))" } ?? ""
            let learnt: DisplayText =
                device.observedAt.map { ", \(age($0))learnt at \($0) by \(device.source ?? "?")" } ?? ""
            lines.append("  profile    \(device.profile ?? "never seen")\(status)\(learnt)")
            if device.isProven == false {
                lines.append(
                    "             no list of the carrier's has confirmed it; it is looked up before a download or disable"
                )
            }
            if let doubt = device.doubt {
                let next: DisplayText = device.lookupAt.map { " The carrier's records are read at \($0)." } ?? ""
                lines.append("  \(style.yellow("in doubt"))   \(doubt)\(next)")
            }
            lines.append("  service    \(device.service)")
            if let imei = device.imei { lines.append("  IMEI       \(imei)") }
            if let operation = device.operation { lines.append("  operation  \(operation)") }
            if !device.timeline.isEmpty { lines.append(style.bold("  timeline")) }
            return lines + timeline(of: device)
        }
    }

    private func age(_ time: String) -> DisplayText {
        Timestamp(time)?.age(at: SystemClock().now()).map { "\($0), " } ?? ""
    }

    private func timeline(of device: DeviceStatus) -> [DisplayText] {
        let messages = Dictionary(device.callbacks.map { ($0.number, $0.text) }) { first, _ in first }
        var shown: Set<Int64> = []
        var isCut = false
        var lines = device.timeline.flatMap { event -> [DisplayText] in
            // The message itself stands below.
            let told = event.callback == nil ? event.cause : event.commit.map { "commit \($0.prefix(12))" }
            let cause = told.map { style.dim("  (\($0))") } ?? ""
            let line: DisplayText =
                "    \(event.at)  \(DisplayText(event.event).padded(to: 16)) \(event.detail)\(cause)"
            guard let number = event.callback, shown.insert(number).inserted, let text = messages[number] else {
                return [line]
            }
            isCut = isCut || text.unicodeScalars.prefix(Self.excerptLength + 1).count > Self.excerptLength
            return [line, style.dim("      \(text, limit: isRaw ? .max : Self.excerptLength)")]
        }
        if isCut, !isRaw { lines.append(style.dim("    --raw shows the messages at full length")) }
        return lines
    }
}
