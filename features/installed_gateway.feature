@installation
Feature: The gateway that was judged
  A verdict is worth something if what ran is what will be deployed, and if it ran where it could
  neither reach out nor be reached but over the two cables of the lab.

  Rule: What runs is the candidate, byte for byte

    Example: The installed files are the candidate's own
      When the gateway's installation is looked at
      Then its files have the candidate's digest

    Example: The gateway listens where the candidate says that it does
      When the gateway's installation is looked at
      Then it listens on the declared ports

  Rule: The gateway runs without privileges and without a way out

    Example: Nothing that serves a request has the powers of an administrator
      When the gateway's installation is looked at
      Then no process that serves requests runs as root or can become it

    Example: The gateway cannot change the system that it runs on
      When the gateway's installation is looked at
      Then its system is read-only

    Example: The only ways out of the gateway are the two cables of the lab
      When the gateway's installation is looked at
      Then it is connected to the handsets and to the simulated internet alone
