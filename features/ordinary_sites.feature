Feature: Ordinary sites learn nothing
  Every site that the policy does not name is an ordinary site. In January 2012 every ordinary
  site learned every visitor's number for two weeks.

  Rule: Nobody outside the policy learns who is calling

    Background:
      Given subscribers who have agreed that permitted sites may know their numbers

    Example: A well-known site that is not on the list learns nothing
      When they visit ordinary sites
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: A site whose name resembles a permitted one learns nothing
      When they visit sites whose names resemble the permitted ones
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: A permitted site's other pages and doors learn nothing
      When they visit places beside the permitted ones
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: A request that names two sites betrays nobody to either
      When they send requests that name two sites at once
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: Each of the sites on one connection learns only what it may
      When they visit permitted and ordinary sites in turn without hanging up
      Then nobody has learned anything that the policy does not grant

    Example: Whether, and which, subscriber holds an address makes no difference to an ordinary site
      When the same visits are made while their addresses pass from one subscriber to another
      Then nobody has learned anything that the policy does not grant

    Example: Whatever a browser may ask for, each site learns only what it may
      When they use the web in every way that browsers know
      Then nobody has learned anything that the policy does not grant

    Example: Whatever the config itself asks about, each site learns only what it may
      When they send what the config's own text asks about
      Then nobody has learned anything that the policy does not grant

    Example: At whatever hour the config asks for, each site learns only what it may
      When they visit at each hour that the config's own text may ask for
      Then nobody has learned anything that the policy does not grant

    Example: A form or a file that is sent to a site betrays nobody
      When they send forms and files to permitted and ordinary sites
      Then nobody has learned anything that the policy does not grant

    Example: A visit that drags on or is broken off betrays nobody
      When they speak haltingly or hang up early
      Then nobody has learned anything that the policy does not grant

    Example: A request that is hidden in another one betrays nobody
      When they hide a request to one site in a request to another
      Then nobody has learned anything that the policy does not grant

    Example: A tunnel through the gateway carries nobody's number
      When they open tunnels through the gateway
      Then nobody has learned anything that the policy does not grant

  Rule: No site can make the gateway tell more than it may

    Example: A site that fails, leads elsewhere or gives orders learns only what it may
      Given subscribers who have agreed that permitted sites may know their numbers
      When they visit sites that fail, lead elsewhere or give the gateway orders
      Then nobody has learned anything that the policy does not grant
